/** The arithmetic of comparing two pictures: a divider in percent, and one view (zoom and offset) that both share. */

export interface View {
  readonly zoom: number;
  /** Offset of the picture's center from the stage's, as a share of the stage's size. */
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export const WHOLE: View = { zoom: 1, x: 0, y: 0 };
export const MAX_ZOOM = 8;
export const ZOOM_STEP = 1.5;
const SMALL_STEP_PERCENT = 2;
const LARGE_STEP_PERCENT = 10;

/** Where the divider is for a pointer at `clientX_px`, 0 to 100. */
export function dividerAt(clientX_px: number, box: Pick<Box, "left" | "width">): number {
  if (box.width <= 0) return 50;
  return clamp(((clientX_px - box.left) / box.width) * 100, 0, 100);
}

/** Where a key moves the divider; null for a key that is not its business. */
export function dividerAfter(key: string, divider_percent: number): number | null {
  const moves: Readonly<Record<string, number>> = {
    ArrowLeft: divider_percent - SMALL_STEP_PERCENT,
    ArrowDown: divider_percent - SMALL_STEP_PERCENT,
    ArrowRight: divider_percent + SMALL_STEP_PERCENT,
    ArrowUp: divider_percent + SMALL_STEP_PERCENT,
    PageDown: divider_percent - LARGE_STEP_PERCENT,
    PageUp: divider_percent + LARGE_STEP_PERCENT,
    Home: 0,
    End: 100,
  };
  const moved = moves[key];
  return moved === undefined ? null : clamp(moved, 0, 100);
}

/** Zoomed by `factor`, with what is under `point` (client pixels; the middle if none) staying where it is. */
export function zoomed(view: View, factor: number, point: { x: number; y: number } | null, box: Box): View {
  const zoom = clamp(view.zoom * factor, 1, MAX_ZOOM);
  const grown = zoom / view.zoom;
  const px = point && box.width > 0 ? (point.x - box.left) / box.width - 0.5 : 0;
  const py = point && box.height > 0 ? (point.y - box.top) / box.height - 0.5 : 0;
  return within({ zoom, x: px + (view.x - px) * grown, y: py + (view.y - py) * grown });
}

/** What of the picture is under `point` (client pixels): shares of its width and height, outside of 0 to 1 next to it. */
export function shareAt({ zoom, x, y }: View, point: { x: number; y: number }, box: Box): { x: number; y: number } {
  if (box.width <= 0 || box.height <= 0) return { x: 0.5, y: 0.5 };
  return {
    x: ((point.x - box.left) / box.width - 0.5 - x) / zoom + 0.5,
    y: ((point.y - box.top) / box.height - 0.5 - y) / zoom + 0.5,
  };
}

/** Moved by a drag of so many pixels. */
export function panned(view: View, dx_px: number, dy_px: number, box: Pick<Box, "width" | "height">): View {
  if (box.width <= 0 || box.height <= 0) return view;
  return within({ zoom: view.zoom, x: view.x + dx_px / box.width, y: view.y + dy_px / box.height });
}

const KEY_STEP = 0.1;
const KEY_MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [KEY_STEP, 0],
  ArrowRight: [-KEY_STEP, 0],
  ArrowUp: [0, KEY_STEP],
  ArrowDown: [0, -KEY_STEP],
};

/** Moved by an arrow key, towards what lies in its direction; the same view for any other key. */
export function pannedByKey(view: View, key: string): View {
  const move = KEY_MOVES[key];
  return move ? panned(view, move[0], move[1], { width: 1, height: 1 }) : view;
}

/** CSS transform of a layer that fills the stage. */
export function transformOf({ zoom, x, y }: View): string {
  return `translate(${x * 100}%, ${y * 100}%) scale(${zoom})`;
}

/** The largest `width` by `height` picture that fits into a box, whole. Pixels; enlarged up to `max_scale` times. */
export function fitted(
  picture: { width: number; height: number },
  box: { width: number; height: number },
  max_scale = Number.POSITIVE_INFINITY,
): { width: number; height: number } {
  const scale = Math.min(box.width / picture.width, box.height / picture.height, max_scale);
  return { width: Math.floor(picture.width * scale), height: Math.floor(picture.height * scale) };
}

/** No edge of the picture is pulled into the stage. */
function within({ zoom, x, y }: View): View {
  const reach = (zoom - 1) / 2;
  return { zoom, x: clamp(x, -reach, reach), y: clamp(y, -reach, reach) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value)) + 0;
}
