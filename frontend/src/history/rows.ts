/** Pictures in rows of one height across the page's width, as in a photo library: where each one lies, known before any
 * is loaded. Pure arithmetic. */

export interface Sized {
  readonly width: number;
  readonly height: number;
  /** Rows of pictures of one day stand under its name. */
  readonly day: string;
}

export interface Place<Item> {
  readonly item: Item;
  /** Pixels from the left. */
  readonly left: number;
  readonly width: number;
}

export interface Row<Item> {
  readonly top: number;
  readonly height: number;
  /** The name of a day, or pictures side by side. */
  readonly heading: string | null;
  readonly places: readonly Place<Item>[];
}

export interface Wall<Item> {
  readonly rows: readonly Row<Item>[];
  /** Pixels, of all rows together. */
  readonly height: number;
}

export const GAP_PX = 8;
export const HEADING_PX = 44;
const MIN_ASPECT = 0.5;
const MAX_ASPECT = 2.5;
const ROOMY_PX = 640;

/** Height that rows are near to, on a wall of this width. */
export function targetHeight(width_px: number): number {
  return width_px < ROOMY_PX ? 150 : 216;
}

/** Keeps the order. The last row of a day is not stretched, nor higher than the one above it. */
export function wallOf<Item extends Sized>(items: readonly Item[], width_px: number): Wall<Item> {
  const rows: Row<Item>[] = [];
  let top = 0;
  const put = (height: number, heading: string | null, places: readonly Place<Item>[], gap: number) => {
    rows.push({ top, height, heading, places });
    top += height + gap;
  };
  for (const [day, pictures] of byDay(items)) {
    put(HEADING_PX, day, [], 0);
    for (const { height, places } of justified(pictures, width_px)) put(height, null, places, GAP_PX);
  }
  return { rows, height: top };
}

/** Indexes of the rows that touch `from` to `to` pixels: the first, and the one after the last. */
export function rowsWithin(rows: readonly Row<unknown>[], from: number, to: number): { first: number; end: number } {
  return {
    first: firstWhere(rows, (row) => row.top + row.height > from),
    end: firstWhere(rows, (row) => row.top >= to),
  };
}

function byDay<Item extends Sized>(items: readonly Item[]): [string, Item[]][] {
  const days: [string, Item[]][] = [];
  for (const item of items) {
    const last = days.at(-1);
    if (last?.[0] === item.day) last[1].push(item);
    else days.push([item.day, [item]]);
  }
  return days;
}

function justified<Item extends Sized>(items: readonly Item[], width_px: number) {
  const target = targetHeight(width_px);
  const rows: { height: number; places: Place<Item>[] }[] = [];
  let waiting: Item[] = [];
  for (const item of items) {
    waiting.push(item);
    const height = heightThatFills(waiting, width_px);
    if (height > target) continue;
    rows.push(placed(waiting, height));
    waiting = [];
  }
  const above = rows.at(-1)?.height ?? target;
  if (waiting.length > 0) rows.push(placed(waiting, Math.min(above, heightThatFills(waiting, width_px))));
  return rows;
}

function heightThatFills(items: readonly Sized[], width_px: number): number {
  const aspects = items.reduce((sum, item) => sum + aspectOf(item), 0);
  return (width_px - GAP_PX * (items.length - 1)) / aspects;
}

function placed<Item extends Sized>(items: readonly Item[], height: number) {
  let left = 0;
  const places = items.map((item) => {
    const place = { item, left, width: height * aspectOf(item) };
    left += place.width + GAP_PX;
    return place;
  });
  return { height, places };
}

/** What is very long is cut in the wall, and whole when it is opened. */
function aspectOf({ width, height }: Sized): number {
  return Math.min(MAX_ASPECT, Math.max(MIN_ASPECT, width / height));
}

/** Binary search: `holds` is false up to some row and true from there on. */
function firstWhere<T>(rows: readonly T[], holds: (row: T) => boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(rows[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
