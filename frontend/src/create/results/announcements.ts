/** Announcements for screen readers while pictures are made: the start, each picture, the end. Never a percentage. */

import { failureOf, isEnded, type Job } from "@/domain/job";
import { outcome } from "@/domain/job-words";
import { numWanted } from "@/domain/picture";
import { t, tCount } from "@/i18n/t";
import { sentence } from "@/lib/words/sentence";

/** A job that is older than this is one of an earlier visit. */
const FRESH_MS = 10_000;

/** What changed from `before` to `after`, oldest job first. Silent about jobs that came already ended. */
export function announcements(before: readonly Job[], after: readonly Job[], now_ms: number): string[] {
  const known = new Map(before.map((job) => [job.id, job]));
  return after.toReversed().flatMap((job) => {
    const previous = known.get(job.id);
    if (previous === job) return [];
    if (previous === undefined) return !isEnded(job) && now_ms - job.askedAt_ms < FRESH_MS ? [start(job)] : [];
    if (isEnded(previous)) return [];
    return [...finished(previous, job), ...(isEnded(job) ? [end(job)] : [])];
  });
}

function start(job: Job): string {
  return tCount(numWanted(job), "Making 1 picture.", "Making {count} pictures.");
}

function finished(previous: Job, job: Job): string[] {
  return job.outputs
    .filter((output) => !previous.outputs.some((old) => old.index === output.index))
    .map((output) => t("Picture {number} of {count} is done.", { number: output.index + 1, count: numWanted(job) }));
}

function end(job: Job): string {
  if (job.state?.status === "completed") {
    return tCount(numWanted(job), "The picture is ready.", "All {count} pictures are ready.");
  }
  return [outcome(job) ?? "", sentence(failureOf(job)?.detail ?? "")].filter(Boolean).join(" ");
}
