import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOTHING } from "./mask";
import { Painting } from "./painting";

const SIZE = 32;
const point = fc.record({ x: fc.integer({ min: -4, max: 36 }), y: fc.integer({ min: -4, max: 36 }) });
const step = fc.oneof(
  fc.record({
    kind: fc.constant("stroke" as const),
    points: fc.array(point, { minLength: 1 }),
    isErasing: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom("invert" as const, "clear" as const) }),
);

function dot(painting: Painting, x: number, y: number, isErasing = false): void {
  painting.begin({ x, y }, 4, isErasing);
  painting.end();
}

describe("the undo stack", () => {
  it("goes back step by step and forth again, whatever was painted", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const painting = new Painting(SIZE, SIZE);
        const seen = [painting.mask.pixels.slice()];
        for (const each of steps) {
          if (each.kind === "stroke") {
            painting.begin(each.points[0] ?? { x: 0, y: 0 }, 3, each.isErasing);
            for (const next of each.points) painting.goOn(next, 3);
            painting.end();
          } else painting[each.kind]();
          const now = painting.mask.pixels.slice();
          if (now.some((value, at) => value !== seen.at(-1)?.[at])) seen.push(now);
        }
        for (const before of seen.slice(0, -1).reverse()) {
          painting.undo();
          expect(painting.mask.pixels).toEqual(before);
        }
        expect([painting.canUndo, painting.undo()]).toEqual([false, NOTHING]);
        for (const after of seen.slice(1)) {
          painting.redo();
          expect(painting.mask.pixels).toEqual(after);
        }
        expect([painting.canRedo, painting.redo()]).toEqual([false, NOTHING]);
      }),
    );
  });

  it("forgets what was undone once something new is painted", () => {
    const painting = new Painting(SIZE, SIZE);
    dot(painting, 8, 8);
    painting.undo();
    expect(painting.canRedo).toBe(true);
    dot(painting, 20, 20);
    expect(painting.canRedo).toBe(false);
  });

  it("holds no step that changes nothing", () => {
    const painting = new Painting(SIZE, SIZE);
    painting.clear();
    dot(painting, 8, 8, true);
    dot(painting, 500, 500);
    expect(painting.canUndo).toBe(false);
  });

  it("is bounded, and keeps the newest steps", () => {
    const painting = new Painting(4000, 2000);
    for (let count = 0; count < 9; count++) painting.invert(); // 16 MB each
    let numUndone = 0;
    while (painting.canUndo) {
      painting.undo();
      numUndone++;
    }
    expect(numUndone).toBe(4);
  });
});

it("takes a stroke back that became a pinch", () => {
  const painting = new Painting(SIZE, SIZE);
  dot(painting, 8, 8);
  const before = painting.mask.pixels.slice();
  painting.begin({ x: 10, y: 10 }, 4, false);
  painting.goOn({ x: 30, y: 30 }, 4);
  expect(painting.abort().width).toBeGreaterThan(20);
  expect(painting.mask.pixels).toEqual(before);
  expect(painting.isDrawing).toBe(false);
  expect(painting.abort()).toEqual(NOTHING);
});

it("inverts and clears", () => {
  const painting = new Painting(SIZE, SIZE);
  dot(painting, 16, 16);
  const { share } = painting;
  expect(share).toBeGreaterThan(0.03);
  painting.invert();
  expect(painting.share).toBeCloseTo(1 - share, 6);
  painting.clear();
  expect(painting.share).toBe(0);
});
