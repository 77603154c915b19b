/** Jobs and outputs for tests, as the API shapes them. */
import type { JobState, Output } from "@/api/types";
import { type Job, newJob } from "@/jobs/job";

export const NOW_MS = 1_000_000;

export function makeOutput(index: number, changes: Partial<Output> = {}): Output {
  const id = `job-${index + 1}`;
  return {
    id,
    index,
    url: `/files/${id}.jpg`,
    thumbnail_url: `/files/${id}.webp`,
    download_url: `/files/${id}.jpg?download`,
    filename: `${id}.jpg`,
    seed: 7 + index,
    width: 256,
    height: 256,
    content_type: "image/jpeg",
    bytes: 21_400,
    ...changes,
  };
}

export function makeState(changes: Partial<JobState> = {}): JobState {
  return {
    job_id: "job",
    status: "processing",
    progress: 0.25,
    images_completed: 0,
    images_total: 4,
    queue_position: 0,
    estimated_time: 12,
    error: null,
    ...changes,
  };
}

export function makeJob(changes: Partial<Job> = {}): Job {
  const request = { prompt: "jade woman, red dress", num_images: 4, quality: "high" as const };
  const id = changes.id ?? "job";
  return {
    ...newJob({ job_id: id, warnings: [] }, request, { width: 256, height: 256 }, NOW_MS),
    state: makeState(),
    ...changes,
  };
}
