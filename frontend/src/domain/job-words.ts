/** Texts about a job. */

import type { JobState } from "@/api/types";
import { shown } from "@/i18n/language";
import { t, tCount, tNumber } from "@/i18n/t";
import { aboutTime, clock } from "@/lib/words/quantities";
import { isEnded, type Job, numDone } from "./job";
import { numWanted } from "./picture";

/** The status of an unfinished job: `2 of 4 done · 35 % · 0:08 · about 10 s left`. `left_s`: the time shown, the server's
 * forecast by default; `elapsed_s`: since it was asked for, left out by default. Without a time while the server is
 * unreachable. */
export function statusWords(job: Job, left_s: number = job.state?.estimated_time ?? 0, elapsed_s?: number): string {
  const { state } = job;
  if (job.connection === "lost") return t("Reconnecting…");
  if (state === null) return t("Sending…");
  const since = elapsed_s === undefined ? "" : ` · ${clock(elapsed_s)}`;
  if (isWaiting(state)) {
    const time = left_s > 0 ? ` · ${aboutTime(left_s)}` : "";
    return `${queuePlace(state.queue_position)}${since}${time}`;
  }
  const done =
    numDone(job) > 0
      ? t("{done} of {count} done", { done: numDone(job), count: numWanted(job) })
      : tCount(numWanted(job), "Making 1 picture", "Making {count} pictures");
  const percent = Math.floor(100 * progressOf(job));
  const time = left_s > 0 ? t("{time} left", { time: aboutTime(left_s) }) : t("almost there");
  return `${[done, percent > 0 && `${percent} %`].filter(Boolean).join(" · ")}${since} · ${time}`;
}

/** Nothing of it is made yet, and another job goes first: the server calls it `processing` as soon as a worker has it. */
function isWaiting({ status, queue_position, progress }: JobState): boolean {
  return status === "queued" || (queue_position > 0 && progress === 0);
}

/** How a job ended where not all of its pictures were made; null for any other job. */
export function outcome(job: Job): string | null {
  const made = numDone(job);
  if (job.state?.status === "cancelled") {
    return made > 0
      ? t("Cancelled with {made} of {count} finished.", { made, count: numWanted(job) })
      : t("Cancelled.");
  }
  if (job.state?.status !== "failed") return null;
  if (made === 0) return tCount(numWanted(job), "This picture could not be made.", "These pictures could not be made.");
  return t("Only {made} of {count} finished.", { made, count: numWanted(job) });
}

/** Share of the work that is done, 0 to 1. */
export function progressOf(job: Job): number {
  if (isEnded(job)) return 1;
  return Math.min(1, Math.max(0, job.state?.progress ?? 0));
}

function queuePlace(position: number): string {
  if (position <= 0) return t("Starting");
  return position === 1 ? t("Waiting: next in line") : t("Waiting: {place} in line", { place: ordinal(position) });
}

const ORDINALS: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };
const ORDINAL_RULES = new Intl.PluralRules("en", { type: "ordinal" });

/** `2nd`; in other languages the number alone, and their text has the rest. */
function ordinal(count: number): string {
  const ending = shown().language === "en" ? (ORDINALS[ORDINAL_RULES.select(count)] ?? "th") : "";
  return `${tNumber(count)}${ending}`;
}
