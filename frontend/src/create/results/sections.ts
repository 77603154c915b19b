/** Splits the jobs: some have a section of their own, the pictures of the others are on the wall. Pure. */
import { isEnded, type Job, promptOf } from "@/domain/job";

export interface Sections {
  /** The newest job, every unfinished one, and failures that left nothing to show on the wall. Newest first. */
  readonly sections: readonly Job[];
  readonly earlier: readonly Job[];
}

/** `jobs` newest first. What was cancelled without a picture before this visit, `visit_ms` since the epoch, is left out. */
export function splitJobs(jobs: readonly Job[], visit_ms: number): Sections {
  const sections: Job[] = [];
  const earlier: Job[] = [];
  const shown = jobs.filter((job) => !(isEmptyCancel(job) && job.askedAt_ms < visit_ms));
  shown.forEach((job, place) => {
    const isApart = place === 0 || !isEnded(job) || (isEmptyFailure(job) && !isTriedAgain(job, shown.slice(0, place)));
    (isApart ? sections : earlier).push(job);
  });
  return { sections, earlier };
}

function isTriedAgain(job: Job, newer: readonly Job[]): boolean {
  return newer.some((other) => promptOf(other) === promptOf(job));
}

function isEmptyCancel(job: Job): boolean {
  return job.state?.status === "cancelled" && job.outputs.length === 0;
}

function isEmptyFailure(job: Job): boolean {
  return job.state?.status === "failed" && job.outputs.length === 0;
}
