/** Number of tiles in a row, known before the first picture is made, so that no picture moves the layout. */

export interface Grid {
  /** Tiles in a row of a narrow list (a phone, a window taller than wide) and of a wide one. */
  readonly narrow: number;
  readonly wide: number;
  /** CSS length: the list grows no wider, so that a whole row fits on the screen. */
  readonly maxWidth: string;
}

/** From this width-to-height on a picture counts as wide. */
const WIDE = 1.4;
const MAX_TILE_REM = 27;
const MAX_WIDE_TILE_REM = 36;
const MAX_TILE_HEIGHT_SVH = 66;
const GAP_REM = 0.375;

/** For `count` tiles of `width` by `height` pixels. */
export function gridFor(count: number, width: number, height: number): Grid {
  const aspect = width / height;
  const wide = wideColumns(count, aspect);
  const tile = `min(${aspect > WIDE ? MAX_WIDE_TILE_REM : MAX_TILE_REM}rem, ${round(MAX_TILE_HEIGHT_SVH * aspect)}svh)`;
  return {
    narrow: Math.min(count, aspect > WIDE ? 1 : 2),
    wide,
    maxWidth: `calc(${wide} * ${tile} + ${round((wide - 1) * GAP_REM)}rem)`,
  };
}

function wideColumns(count: number, aspect: number): number {
  if (aspect > WIDE) return Math.min(count, count === 3 || count > 4 ? 3 : 2);
  if (count === 5 || count === 6) return 3;
  return Math.min(count, 4);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
