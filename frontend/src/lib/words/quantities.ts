/** Counts, times and sizes in words. */

import { t, tCount, tNumber } from "@/i18n/t";

/** `about 12 s`, `about 25 s`, `about 2 min`, `about 1 h 10 min`: above 20 s in steps of 5. `remaining_s` is a forecast. */
export function aboutTime(remaining_s: number): string {
  const whole_s = Math.max(1, Math.ceil(remaining_s));
  const shown_s = whole_s > 20 ? 5 * Math.ceil(whole_s / 5) : whole_s;
  if (shown_s < 60) return t("about {count} s", { count: shown_s });
  const minutes = Math.max(1, Math.round(remaining_s / 60));
  if (minutes < 60) return t("about {count} min", { count: minutes });
  const rest = minutes % 60;
  const hours = Math.floor(minutes / 60);
  return rest > 0
    ? t("about {hours} h {minutes} min", { hours, minutes: rest })
    : t("about {count} h", { count: hours });
}

/** `0:08`, `12:40`, `1:05:00`: time that has passed. */
export function clock(elapsed_s: number): string {
  const whole_s = Math.max(0, Math.floor(elapsed_s));
  const [hours, minutes, seconds] = [whole_s / 3600, (whole_s / 60) % 60, whole_s % 60].map(Math.floor) as [
    number,
    number,
    number,
  ];
  const two = (part: number) => String(part).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** `4 pictures`, `1 picture`. */
export function pictures(count: number): string {
  return tCount(count, "1 picture", "{count} pictures");
}

/** `30 steps`, `1 step`. */
export function stepCount(count: number): string {
  return tCount(count, "1 step", "{count} steps");
}

/** `812 B`, `21 KB`, `1.4 MB`. */
export function fileSize(size_bytes: number): string {
  if (size_bytes < 1000) return `${size_bytes} B`;
  if (size_bytes < 999_500) return `${Math.round(size_bytes / 1000)} KB`;
  return `${tNumber(size_bytes / 1_000_000, { minimumFractionDigits: 1, maximumFractionDigits: 1, useGrouping: false })} MB`;
}

export function sizeWords(width_px: number, height_px: number): string {
  return `${width_px} × ${height_px}`;
}

/** `0.35` is `35`; no more digits than it takes. */
export function percent(value: number): number {
  return Number((value * 100).toFixed(6));
}
