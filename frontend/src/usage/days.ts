/** Use by day, ready to be drawn. Pure. */

import { tNumber } from "@/i18n/t";

export interface UsageDay {
  /** In UTC, `2026-11-22`. */
  readonly date: string;
  readonly generations: number;
  readonly pictures: number;
  readonly gpu_s: number;
}

export type Measure = "generations" | "pictures" | "gpu_s";

const DAY_MS = 86_400_000;

/** The last `num` days, oldest first, including days without a generation. */
export function everyDay(days: readonly UsageDay[], num: number, now_ms: number): UsageDay[] {
  const known = new Map(days.map((day) => [day.date, day]));
  return Array.from({ length: num }, (_, at) => {
    const date = new Date(now_ms - (num - 1 - at) * DAY_MS).toISOString().slice(0, 10);
    return known.get(date) ?? { date, generations: 0, pictures: 0, gpu_s: 0 };
  });
}

/** `1,204`, `31.4 s`, `12 min`, `3.2 h`. */
export function measured(value: number, measure: Measure): string {
  if (measure !== "gpu_s") return tNumber(value);
  if (value < 100) return `${tNumber(Math.round(10 * value) / 10)} s`;
  if (value < 6000) return `${Math.round(value / 60)} min`;
  return `${tNumber(Math.round(value / 360) / 10)} h`;
}
