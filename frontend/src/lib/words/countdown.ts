"use client";
import { useEffect, useState } from "react";
import { locale } from "@/i18n/language";
import { t } from "@/i18n/t";

/** A wait as text, counted down. */

const CLOCK_FROM_S = 90 * 60;

/** Whole seconds until `wait_s` after the last change of `since`; 0 if there is no wait. */
export function useCountdown(wait_s: number | null, since: unknown): number {
  const [left_s, setLeft_s] = useState(wait_s ?? 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it begins anew with `since`, also where the wait is the same
  useEffect(() => {
    const end_ms = Date.now() + 1000 * (wait_s ?? 0);
    const tick = () => setLeft_s(Math.max(0, Math.ceil((end_ms - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [wait_s, since]);
  return left_s;
}

/** `in 45 s`, `in 6 min`, `at 14:32`, `tomorrow at 02:00`, by the reader's clock; `now_ms` since the epoch. */
export function whenWords(wait_s: number, now_ms: number): string {
  if (wait_s < 60) return t("in {count} s", { count: Math.ceil(wait_s) });
  if (wait_s < CLOCK_FROM_S) return t("in {count} min", { count: Math.ceil(wait_s / 60) });
  const now = new Date(now_ms);
  const then = new Date(now_ms + 1000 * wait_s);
  const clock = then.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
  return then.getDate() === now.getDate() ? t("at {time}", { time: clock }) : t("tomorrow at {time}", { time: clock });
}
