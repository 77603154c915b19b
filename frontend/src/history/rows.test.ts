import { describe, expect, it } from "vitest";
import { GAP_PX, HEADING_PX, rowsWithin, targetHeight, wallOf } from "./rows";

const picture = (width: number, height: number, day = "Today") => ({ width, height, day });
const WIDTH_PX = 1000;

describe("a wall", () => {
  it("fills whole rows to the last pixel and stretches no last one", () => {
    const items = Array.from({ length: 11 }, (_, n) => picture(256, n % 3 ? 256 : 384));
    const { rows, height } = wallOf(items, WIDTH_PX);
    const pictures = rows.filter((row) => row.heading === null);
    for (const row of pictures.slice(0, -1)) {
      const last = row.places.at(-1);
      expect((last?.left ?? 0) + (last?.width ?? 0)).toBeCloseTo(WIDTH_PX);
      expect(row.height).toBeLessThanOrEqual(targetHeight(WIDTH_PX));
    }
    expect(pictures.at(-1)?.height).toBeLessThanOrEqual(targetHeight(WIDTH_PX));
    expect(pictures.flatMap((row) => row.places.map((place) => place.item))).toEqual(items);
    const end = rows.at(-1);
    expect(height).toBeCloseTo((end?.top ?? 0) + (end?.height ?? 0) + GAP_PX);
  });

  it("stands under the names of its days", () => {
    const { rows } = wallOf([picture(1, 1), picture(1, 1), picture(1, 1, "Yesterday")], WIDTH_PX);
    expect(rows.map((row) => row.heading)).toEqual(["Today", null, "Yesterday", null]);
    expect(rows[1]?.top).toBe(HEADING_PX);
  });

  it("fits extreme shapes into a narrow screen", () => {
    const { rows } = wallOf([picture(4000, 200), picture(200, 4000)], 343);
    for (const { left, width } of rows.flatMap((row) => row.places)) expect(left + width).toBeLessThanOrEqual(343.01);
  });

  it("is empty without pictures", () => {
    expect(wallOf([], WIDTH_PX)).toEqual({ rows: [], height: 0 });
  });

  it("knows which rows a part of it touches", () => {
    const { rows, height } = wallOf(
      Array.from({ length: 500 }, () => picture(256, 256)),
      WIDTH_PX,
    );
    expect(rowsWithin(rows, -1000, 0)).toEqual({ first: 0, end: 0 });
    expect(rowsWithin(rows, 0, height)).toEqual({ first: 0, end: rows.length });
    const { first, end } = rowsWithin(rows, 5000, 6000);
    const touching = rows.filter((row) => row.top + row.height > 5000 && row.top < 6000);
    expect(rows.slice(first, end)).toEqual(touching);
  });
});
