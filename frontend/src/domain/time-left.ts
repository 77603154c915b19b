/** The time left of a job as it is shown: it runs down by itself between the server's forecasts, and goes up only where
 * they are well off. Pure. */

/** What is shown since `at_ms`. */
export interface Shown {
  readonly left_s: number;
  readonly at_ms: number;
}

/** A forecast that is higher by less than this share changes nothing. */
const TOLERANCE = 0.25;

/** Seconds left at `now_ms`, at least 1 until the job has ended. */
export function leftAt({ left_s, at_ms }: Shown, now_ms: number): number {
  return Math.max(1, left_s - (now_ms - at_ms) / 1000);
}

/** What is shown after a forecast of `forecast_s`. */
export function afterForecast(before: Shown | null, forecast_s: number, now_ms: number): Shown {
  const fresh = { left_s: forecast_s, at_ms: now_ms };
  if (before === null) return fresh;
  const left_s = leftAt(before, now_ms);
  const isKept = forecast_s > left_s && forecast_s <= left_s * (1 + TOLERANCE);
  return isKept ? before : fresh;
}
