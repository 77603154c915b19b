import { expect, test } from "vitest";
import { dollars } from "./money";

test.each([
  [500_000, "$0.50"],
  [0, "$0.00"],
  [-1_250_000, "−$1.25"],
  [1_234_567_890_000, "$1,234,567.89"],
  [9_999, "$0.00"],
  [10_000_000, "$10.00"],
])("%d micro-dollars are %s", (micro_usd, words) => {
  expect(dollars(micro_usd)).toBe(words);
});
