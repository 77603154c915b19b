/** The mask that is painted over a picture: a byte for each of its pixels, 255 where the picture is repainted. Pure. */

export interface Mask {
  readonly width: number;
  readonly height: number;
  /** Row by row. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** In pixels of the picture, from its upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Whole pixels within the mask. */
export interface Area extends Point {
  readonly width: number;
  readonly height: number;
}

export const NOTHING: Area = { x: 0, y: 0, width: 0, height: 0 };
const PAINTED = 128;

export function emptyMask(width: number, height: number): Mask {
  return { width, height, pixels: new Uint8Array(width * height) };
}

export function wholeOf({ width, height }: Mask): Area {
  return { x: 0, y: 0, width, height };
}

/** Draws a round line of this radius; a dot where both ends are the same. Its edge is one pixel soft. Returns the area that
 * may have changed. */
export function drawLine(mask: Mask, from: Point, to: Point, radius: number, isErasing: boolean): Area {
  const { pixels, width } = mask;
  const area = areaAround(mask, from, to, radius + 1);
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length2 = dx * dx + dy * dy;
  for (let y = area.y; y < area.y + area.height; y++) {
    for (let x = area.x; x < area.x + area.width; x++) {
      const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
      const along = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length2));
      const distance = Math.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2);
      const value = Math.round(255 * Math.min(1, Math.max(0, radius + 0.5 - distance)));
      if (value === 0) continue;
      const at = y * width + x;
      const now = pixels[at] ?? 0;
      pixels[at] = isErasing ? Math.min(now, 255 - value) : Math.max(now, value);
    }
  }
  return area;
}

export function invertMask({ pixels }: Mask): void {
  for (let at = 0; at < pixels.length; at++) pixels[at] = 255 - (pixels[at] ?? 0);
}

/** Share of the pixels that are painted, 0 to 1. */
export function paintedShare({ pixels }: Mask): number {
  let count = 0;
  for (const value of pixels) if (value >= PAINTED) count++;
  return pixels.length === 0 ? 0 : count / pixels.length;
}

/** The bytes of an area, row by row. */
export function bytesIn({ pixels, width }: Mask, area: Area): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(area.width * area.height);
  for (let row = 0; row < area.height; row++) {
    const start = (area.y + row) * width + area.x;
    bytes.set(pixels.subarray(start, start + area.width), row * area.width);
  }
  return bytes;
}

export function putBytes({ pixels, width }: Mask, area: Area, bytes: Uint8Array): void {
  for (let row = 0; row < area.height; row++) {
    const line = bytes.subarray(row * area.width, (row + 1) * area.width);
    pixels.set(line, (area.y + row) * width + area.x);
  }
}

/** The smallest area that holds both. */
export function joined(one: Area, other: Area): Area {
  if (one.width * one.height === 0) return other;
  if (other.width * other.height === 0) return one;
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  const right = Math.max(one.x + one.width, other.x + other.width);
  const bottom = Math.max(one.y + one.height, other.y + other.height);
  return { x, y, width: right - x, height: bottom - y };
}

function areaAround(mask: Mask, from: Point, to: Point, reach: number): Area {
  const x = clamp(Math.floor(Math.min(from.x, to.x) - reach), mask.width);
  const y = clamp(Math.floor(Math.min(from.y, to.y) - reach), mask.height);
  const right = clamp(Math.ceil(Math.max(from.x, to.x) + reach), mask.width);
  const bottom = clamp(Math.ceil(Math.max(from.y, to.y) + reach), mask.height);
  return { x, y, width: right - x, height: bottom - y };
}

function clamp(value: number, high: number): number {
  return Math.min(high, Math.max(0, value));
}
