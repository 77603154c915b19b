/** Jobs and pictures for the tests of what is shown: four pictures of 256 by 256 pixels. */
import type { JobState, Output } from "@/api/types";
import { anOutput, aState } from "./examples";
import { type Job, newJob } from "./job";

export const NOW_MS = 1_000_000;

export function makeOutput(index: number, change: Partial<Output> = {}): Output {
  return { ...anOutput(index), width: 256, height: 256, bytes: 21_400, ...change };
}

export function makeState(change: Partial<JobState> = {}): JobState {
  return aState({ images_total: 4, estimated_time: 12, ...change });
}

export function makeJob(change: Partial<Job> = {}): Job {
  const request = { prompt: "jade woman, red dress", num_images: 4 };
  const job = newJob({ job_id: "job", warnings: [] }, request, { width: 256, height: 256 }, NOW_MS);
  return { ...job, state: makeState(), ...change };
}
