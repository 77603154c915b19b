import { expect, it } from "vitest";
import type { Options } from "@/api/types";
import { extended, extensionProblem, NO_EXTENSION, pictureWithin, presetOf } from "./extension";

const SIZE = { width: 832, height: 1216 };
const OPTIONS = {
  bounds: { min_size: 256, max_size: 2048, max_pixels: 2_359_296, size_multiple: 8 },
} as unknown as Options;

it("adds a quarter at the sides of a preset, in steps that the server takes", () => {
  expect(presetOf("All sides", SIZE)).toEqual({ left: 208, right: 208, top: 304, bottom: 304 });
  expect(presetOf("Wider", { width: 100, height: 900 })).toEqual({ left: 24, right: 24, top: 0, bottom: 0 });
  expect(presetOf("Taller", { width: 900, height: 8 })).toEqual({ left: 0, right: 0, top: 8, bottom: 8 });
});

it("places the picture in the larger one", () => {
  const extension = { left: 200, right: 0, top: 0, bottom: 100 };
  expect(extended({ width: 800, height: 900 }, extension)).toEqual({ width: 1000, height: 1000 });
  expect(pictureWithin({ width: 800, height: 900 }, extension)).toEqual({
    left: "20%",
    top: "0%",
    width: "80%",
    height: "90%",
  });
});

it("says what the server would refuse", () => {
  expect(extensionProblem(SIZE, NO_EXTENSION, OPTIONS)).toMatch(/at least one side/);
  expect(extensionProblem(SIZE, presetOf("Wider", SIZE), OPTIONS)).toBeNull();
  expect(extensionProblem(SIZE, { ...NO_EXTENSION, left: 2048 }, OPTIONS)).toMatch(/2048/);
  expect(extensionProblem({ width: 1536, height: 1536 }, { ...NO_EXTENSION, top: 8 }, OPTIONS)).toMatch(/Too large/);
});
