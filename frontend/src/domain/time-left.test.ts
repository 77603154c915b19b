import { describe, expect, it } from "vitest";
import { afterForecast, leftAt } from "./time-left";

const shown = { left_s: 40, at_ms: 1_000 };

describe("the time left", () => {
  it("runs down between two forecasts, never to nothing", () => {
    expect([1_000, 6_000, 31_000, 90_000].map((now_ms) => leftAt(shown, now_ms))).toEqual([40, 35, 10, 1]);
  });

  it.each([
    ["falls with the forecast", 20, 20],
    ["stays where a forecast is a little higher", 42, 35],
    ["goes up where a forecast is well off", 120, 120],
  ])("%s", (_what, forecast_s, expected) => {
    expect(leftAt(afterForecast(shown, forecast_s, 6_000), 6_000)).toBe(expected);
  });

  it("begins with the first forecast", () => {
    expect(afterForecast(null, 12, 5_000)).toEqual({ left_s: 12, at_ms: 5_000 });
  });
});
