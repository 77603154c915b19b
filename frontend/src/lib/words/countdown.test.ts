import { expect, it } from "vitest";
import { whenWords } from "./countdown";

const NOON_MS = new Date(2026, 10, 22, 12, 0).getTime();

it.each([
  [1, "in 1 s"],
  [59, "in 59 s"],
  [348, "in 5:48 min"],
  [3600, "in 60:00 min"],
  [2 * 3600, "at 14:00"],
  [13 * 3600, "tomorrow at 01:00"],
])("%d s is shown as %s", (wait_s, words) => {
  expect(whenWords(wait_s, NOON_MS)).toBe(words);
});
