/** Jobs, states and pictures for tests. */
import type { JobState, Output, Result } from "@/api/types";
import { type Ending, type Job, newJob } from "./job";

export const JOB_ID = "a".repeat(32);

export function aJob(): Job {
  return newJob({ job_id: JOB_ID, warnings: ["warned"] }, { prompt: "fox" }, { width: 64, height: 48 }, 1_000);
}

export function aState(change: Partial<JobState>): JobState {
  return {
    job_id: JOB_ID,
    status: "processing",
    progress: 0.25,
    images_completed: 0,
    images_total: 2,
    queue_position: 0,
    estimated_time: 3,
    error: null,
    ...change,
  };
}

export function anEnding(change: Partial<Ending>): Ending {
  return { job_id: JOB_ID, status: "completed", images_completed: 2, images_total: 2, error: null, ...change };
}

export function anOutput(index: number): Output {
  const name = `${JOB_ID}-${index + 1}`;
  return {
    id: name,
    index,
    url: `/files/${name}.jpg`,
    thumbnail_url: `/files/${name}.jpg`,
    filename: `${name}.jpg`,
    download_url: `/files/${name}.jpg?download`,
    seed: 7 + index,
    width: 64,
    height: 48,
    content_type: "image/jpeg",
    bytes: 1_000,
  };
}

export function aResult(indices: readonly number[], status: Result["status"] = "processing"): Result {
  const outputs = indices.map(anOutput);
  return { job_id: JOB_ID, status, images: outputs.map((output) => output.url), outputs, metadata: { seed: 7 } };
}
