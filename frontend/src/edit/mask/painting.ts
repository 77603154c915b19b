/** A mask with its strokes and an undo stack. No DOM. */
import {
  type Area,
  bytesIn,
  drawLine,
  emptyMask,
  invertMask,
  joined,
  type Mask,
  NOTHING,
  type Point,
  paintedShare,
  putBytes,
  wholeOf,
} from "./mask";

interface Change {
  readonly area: Area;
  readonly before: Uint8Array<ArrayBuffer>;
  readonly after: Uint8Array<ArrayBuffer>;
}

interface Stroke {
  /** The whole mask before it. */
  readonly before: Mask;
  readonly isErasing: boolean;
  last: Point;
  area: Area;
}

/** Of all changes that can be undone. The oldest are forgotten first, the newest never. */
const MAX_BYTES = 64_000_000;

/** Each method that changes the mask returns the area to draw again. */
export class Painting {
  readonly mask: Mask;
  private readonly done: Change[] = [];
  private undone: Change[] = [];
  private stroke: Stroke | null = null;

  constructor(width: number, height: number) {
    this.mask = emptyMask(width, height);
  }

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  get isDrawing(): boolean {
    return this.stroke !== null;
  }

  /** 0 to 1. */
  get share(): number {
    return paintedShare(this.mask);
  }

  begin(point: Point, radius: number, isErasing: boolean): Area {
    this.end();
    const before = { ...this.mask, pixels: this.mask.pixels.slice() };
    this.stroke = { before, isErasing, last: point, area: NOTHING };
    return this.goOn(point, radius);
  }

  goOn(point: Point, radius: number): Area {
    const { stroke } = this;
    if (!stroke) return NOTHING;
    const area = drawLine(this.mask, stroke.last, point, radius, stroke.isErasing);
    stroke.last = point;
    stroke.area = joined(stroke.area, area);
    return area;
  }

  /** The stroke is one step to undo. */
  end(): void {
    const { stroke } = this;
    this.stroke = null;
    if (stroke) this.push(stroke.before, stroke.area);
  }

  /** Takes the stroke back: two fingers are no brush. */
  abort(): Area {
    const { stroke } = this;
    this.stroke = null;
    if (!stroke) return NOTHING;
    this.mask.pixels.set(stroke.before.pixels);
    return stroke.area;
  }

  invert(): Area {
    return this.changeAll(() => invertMask(this.mask));
  }

  clear(): Area {
    return this.changeAll(() => this.mask.pixels.fill(0));
  }

  undo(): Area {
    this.end();
    const change = this.done.pop();
    if (!change) return NOTHING;
    this.undone.push(change);
    putBytes(this.mask, change.area, change.before);
    return change.area;
  }

  redo(): Area {
    this.end();
    const change = this.undone.pop();
    if (!change) return NOTHING;
    this.done.push(change);
    putBytes(this.mask, change.area, change.after);
    return change.area;
  }

  private changeAll(change: () => void): Area {
    this.end();
    const before = { ...this.mask, pixels: this.mask.pixels.slice() };
    change();
    this.push(before, wholeOf(this.mask));
    return wholeOf(this.mask);
  }

  private push(before: Mask, area: Area): void {
    const change = { area, before: bytesIn(before, area), after: bytesIn(this.mask, area) };
    if (change.before.every((value, at) => value === change.after[at])) return;
    this.done.push(change);
    this.undone = [];
    const bytes = () => this.done.reduce((sum, each) => sum + 2 * each.before.length, 0);
    while (this.done.length > 1 && bytes() > MAX_BYTES) this.done.shift();
  }
}
