import { expect, it } from "vitest";
import { seedOf } from "./seed";

it.each([
  ["0", 0],
  [" 7 ", 7],
  ["7.0", 7],
  ["4294967295", 4294967295],
  ["4294967296", 0],
  ["4294967303", 7],
  ["9007199254740993", 1],
  ["18446744073709551615", 4294967295],
  ["18446744073709551616", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  ["1e3", undefined],
  ["x", undefined],
  ["", undefined],
  ["9".repeat(100_000), undefined],
])("seed %j is %j", (text, seed) => expect(seedOf(text)).toBe(seed));
