import { expect, it } from "vitest";
import { bytesIn, drawLine, emptyMask, invertMask, joined, NOTHING, paintedShare, putBytes } from "./mask";

const at = (mask: { pixels: Uint8Array; width: number }, x: number, y: number) => mask.pixels[y * mask.width + x];

it("draws a dot of the brush's size", () => {
  const mask = emptyMask(100, 100);
  drawLine(mask, { x: 50, y: 50 }, { x: 50, y: 50 }, 20, false);
  expect(paintedShare(mask)).toBeCloseTo((Math.PI * 20 ** 2) / 100 ** 2, 2);
  expect([at(mask, 50, 50), at(mask, 50, 31), at(mask, 50, 28), at(mask, 10, 50)]).toEqual([255, 255, 0, 0]);
});

it("joins two places by a line without gaps, however far apart", () => {
  const mask = emptyMask(200, 40);
  const area = drawLine(mask, { x: 20, y: 20 }, { x: 180, y: 20 }, 5, false);
  for (let x = 20; x < 180; x++) expect(at(mask, x, 20)).toBe(255);
  expect(paintedShare(mask)).toBeCloseTo((160 * 10 + Math.PI * 25) / 8000, 2);
  expect(area).toEqual({ x: 14, y: 14, width: 172, height: 12 });
});

it("erases no more than the line", () => {
  const mask = emptyMask(60, 60);
  invertMask(mask);
  drawLine(mask, { x: 0, y: 30 }, { x: 60, y: 30 }, 10, true);
  expect([at(mask, 30, 30), at(mask, 30, 10), at(mask, 30, 50)]).toEqual([0, 255, 255]);
  expect(paintedShare(mask)).toBeCloseTo(2 / 3, 1);
});

it("draws over the edge, and nothing outside of the picture", () => {
  const mask = emptyMask(10, 10);
  expect(drawLine(mask, { x: 0, y: 0 }, { x: 0, y: 0 }, 4, false)).toEqual({ x: 0, y: 0, width: 5, height: 5 });
  expect(at(mask, 0, 0)).toBe(255);
  const before = mask.pixels.slice();
  const { width, height } = drawLine(mask, { x: -50, y: 300 }, { x: -40, y: 320 }, 8, false);
  expect(width * height).toBe(0);
  expect(mask.pixels).toEqual(before);
});

it("counts what is painted", () => {
  const mask = emptyMask(4, 4);
  expect(paintedShare(mask)).toBe(0);
  mask.pixels.set([255, 200, 128, 127]);
  expect(paintedShare(mask)).toBe(3 / 16);
  invertMask(mask);
  expect(paintedShare(mask)).toBe(13 / 16);
});

it("copies an area out and back", () => {
  const mask = emptyMask(5, 4);
  mask.pixels.forEach((_, index) => {
    mask.pixels[index] = index;
  });
  const area = { x: 1, y: 2, width: 3, height: 2 };
  const bytes = bytesIn(mask, area);
  expect([...bytes]).toEqual([11, 12, 13, 16, 17, 18]);
  const other = emptyMask(5, 4);
  putBytes(other, area, bytes);
  expect(bytesIn(other, area)).toEqual(bytes);
  expect(other.pixels.filter(Boolean)).toHaveLength(6);
});

it("joins areas", () => {
  const area = { x: 4, y: 1, width: 2, height: 3 };
  expect(joined(NOTHING, area)).toEqual(area);
  expect(joined(area, { x: 1, y: 2, width: 1, height: 9 })).toEqual({ x: 1, y: 1, width: 5, height: 10 });
});
