/** Splits the jobs: some have a section of their own, the pictures of the others are on the wall. Pure. */
import { isEnded, type Job, promptOf } from "@/domain/job";

export interface Sections {
  /** The newest job, every unfinished one, and failures that left nothing to show on the wall. Newest first. */
  readonly sections: readonly Job[];
  readonly earlier: readonly Job[];
}

/** `jobs` newest first. */
export function splitJobs(jobs: readonly Job[]): Sections {
  const sections: Job[] = [];
  const earlier: Job[] = [];
  jobs.forEach((job, place) => {
    const isApart = place === 0 || !isEnded(job) || (isEmptyFailure(job) && !isTriedAgain(job, jobs.slice(0, place)));
    (isApart ? sections : earlier).push(job);
  });
  return { sections, earlier };
}

function isTriedAgain(job: Job, newer: readonly Job[]): boolean {
  return newer.some((other) => promptOf(other) === promptOf(job));
}

function isEmptyFailure(job: Job): boolean {
  return job.state?.status === "failed" && job.outputs.length === 0;
}
