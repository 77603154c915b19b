import { locale } from "@/i18n/language";

/** `Nov 22`; of a date in UTC. */
export function shortDate(date: string): string {
  return new Date(`${date}T00:00:00Z`).toLocaleDateString(locale(), {
    month: "short",
    day: "numeric",
    timeZone: "UTC",
  });
}
