/** Dates in words. */

import { locale } from "@/i18n/language";
import { t } from "@/i18n/t";

const DAY_MS = 86_400_000;

/** `Nov 22, 2026`, in the visitor's own zone; of a time in RFC 3339. */
export function dateWords(time: string): string {
  return new Date(time).toLocaleDateString(locale(), { year: "numeric", month: "short", day: "numeric" });
}

/** `just now`, `5 min ago`, `3 h ago`, `yesterday`, then the date. */
export function agoWords(time: string, now_ms: number): string {
  const age_ms = now_ms - new Date(time).getTime();
  if (age_ms < 120_000) return t("just now");
  if (age_ms < 3_600_000) return t("{count} min ago", { count: Math.floor(age_ms / 60_000) });
  if (age_ms < DAY_MS) return t("{count} h ago", { count: Math.floor(age_ms / 3_600_000) });
  return age_ms < 2 * DAY_MS ? t("yesterday") : dateWords(time);
}

/** A heading over what was made on one day: `Today`, `Yesterday`, `Friday, November 20`, with the year where it is not
 * this one. */
export function dayWords(time_ms: number, now_ms: number): string {
  const day = new Date(time_ms);
  const isDay = (ago_days: number) => day.toDateString() === daysBefore(now_ms, ago_days).toDateString();
  if (isDay(0)) return t("Today");
  if (isDay(1)) return t("Yesterday");
  const isThisYear = day.getFullYear() === new Date(now_ms).getFullYear();
  const year = isThisYear ? undefined : ("numeric" as const);
  return day.toLocaleDateString(locale(), { weekday: "long", month: "long", day: "numeric", year });
}

/** By the calendar: a day with a change of clocks counts as one. */
function daysBefore(now_ms: number, num: number): Date {
  const day = new Date(now_ms);
  day.setDate(day.getDate() - num);
  return day;
}
