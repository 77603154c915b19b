import { expect, it } from "vitest";
import { whenWords } from "./countdown";

const NOON_MS = new Date(2026, 10, 22, 12, 0).getTime();

it.each([
  [1, "in 1 s"],
  [59, "in 59 s"],
  [348, "in 6 min"],
  [3600, "in 60 min"],
])("%d s is shown as %s", (wait_s, words) => {
  expect(whenWords(wait_s, NOON_MS)).toBe(words);
});

it("names the hour by the reader's clock", () => {
  expect(whenWords(2 * 3600, NOON_MS)).toMatch(/^at (14:00|02:00 PM)$/);
  expect(whenWords(13 * 3600, NOON_MS)).toMatch(/^tomorrow at 01:00( AM)?$/);
});
