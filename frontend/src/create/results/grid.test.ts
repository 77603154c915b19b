import { describe, expect, it } from "vitest";
import { gridFor } from "./grid";

describe("gridFor", () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 3],
    [6, 3],
    [7, 4],
    [8, 4],
  ])("puts %d squares in rows of %d", (count, wide) => expect(gridFor(count, 512, 512).wide).toBe(wide));

  it("gives wide pictures more room", () => {
    expect(gridFor(4, 1024, 576)).toMatchObject({ narrow: 1, wide: 2 });
    expect(gridFor(3, 1024, 576).wide).toBe(3);
    expect(gridFor(1, 1024, 576).wide).toBe(1);
  });

  it("never makes more columns than tiles on a phone", () => {
    expect(gridFor(1, 512, 512).narrow).toBe(1);
    expect(gridFor(4, 512, 768).narrow).toBe(2);
  });

  it("keeps a row within the height of the screen", () => {
    expect(gridFor(2, 512, 1024).maxWidth).toBe("calc(2 * min(27rem, 33svh) + 0.38rem)");
  });
});
