/** Which jobs get a section of their own, and which are only pictures on the wall. */
import { isEnded, type Job } from "@/domain/job";

export interface Sections {
  /** The newest job, every one being made, and failures that left nothing to show on the wall. Newest first. */
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

/** News of a job that may still change does not arrive. */
export function isAnyLost(jobs: readonly Job[]): boolean {
  return jobs.some((job) => job.connection === "lost" && !isEnded(job));
}

function isTriedAgain(job: Job, newer: readonly Job[]): boolean {
  const asked = JSON.stringify(job.request);
  return newer.some((other) => JSON.stringify(other.request) === asked);
}

function isEmptyFailure(job: Job): boolean {
  return job.state?.status === "failed" && job.outputs.length === 0;
}
