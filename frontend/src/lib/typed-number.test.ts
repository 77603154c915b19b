import { describe, expect, it } from "vitest";
import { completeNumber, settledNumber } from "./typed-number";

const SEED = { min: 0, max: 2 ** 32 - 1, step: 1 };
const WRAPPED = { ...SEED, meaning: (text: string) => (text === "4294967303" ? 7 : undefined) };
const WIDTH = { min: 128, max: 512, step: 8 };
const WEIGHT = { min: -2, max: 2, step: 0.01 };

describe("a typed number", () => {
  it.each([
    ["7", SEED, 7, 7],
    ["4294967295", SEED, 4294967295, 4294967295],
    ["4294967296", SEED, null, 4294967295],
    ["4294967303", WRAPPED, null, 7],
    ["8", WRAPPED, 8, 8],
    ["1.5", SEED, null, 2],
    ["-3", SEED, null, 0],
    ["", SEED, null, null],
    ["1e", SEED, null, null],
    ["131", WIDTH, null, 128],
    ["13", WIDTH, null, 128],
    ["136", WIDTH, 136, 136],
    ["0.7", WEIGHT, 0.7, 0.7],
    ["-0.35", WEIGHT, -0.35, -0.35],
    ["0.333", WEIGHT, null, 0.33],
    ["9", WEIGHT, null, 2],
    ["131", { ...WIDTH, max: 133 }, null, 128],
  ])("%j in %j counts as %j while typing and %j after", (text, steps, complete, settled) => {
    expect(completeNumber(text, steps)).toBe(complete);
    expect(settledNumber(text, steps)).toBe(settled);
  });
});
