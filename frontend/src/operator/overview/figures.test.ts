import { expect, it } from "vitest";
import { cost } from "./cost";
import { costOf, firstDay, measures, seconds, share } from "./figures";

it("begins a period at a day in UTC", () => {
  const late_ms = Date.UTC(2026, 10, 28, 23, 59);
  expect([1, 7, 30].map((num) => firstDay(num, late_ms))).toEqual(["2026-11-28", "2026-11-22", "2026-10-30"]);
});

it("has words for seconds, shares and costs, also for none", () => {
  expect([null, 0, 0.44, 12.4, 170, 9000].map(seconds)).toEqual(["–", "0 s", "0.4 s", "12 s", "3 min", "2.5 h"]);
  expect([null, 0, 0.014, 0.4, 1].map(share)).toEqual(["–", "0%", "1.4%", "40%", "100%"]);
  expect([0, 12, 4200, 340_000, 12_400_000].map(cost)).toEqual(["$0.00", "$0.000012", "$0.0042", "$0.34", "$12.40"]);
  expect(costOf(null)).toBe("unknown");
});

it("shows no cost that is unknown, and no revenue where nothing is charged", () => {
  const names = (isCostKnown: boolean, isCharged: boolean) =>
    measures(isCostKnown, isCharged).map(({ value }) => value);
  expect(names(false, false)).toEqual(["pictures", "generations", "users", "wait", "gpu"]);
  expect(names(true, true).slice(-2)).toEqual(["cost", "revenue"]);
});
