/** Jobs, statuses, metadata and pictures for tests. */
import type { HistoryItem, JobState, KeptImage, Metadata, Output, Result } from "@/api/types";
import { type Ending, type Image, type Job, newJob } from "./job";

export const JOB_ID = "a".repeat(32);
export const NOW_MS = 1_000_000;

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

export function anOutput(index: number, jobId = JOB_ID): Output {
  const name = `${jobId}-${index + 1}`;
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

export function anImage(index: number, change: Partial<Image> = {}): KeptImage {
  return { ...anOutput(index), favorite: false, downloads: 0, ...change };
}

export function someMetadata(change: Partial<Metadata> = {}): Metadata {
  return {
    prompt: "fox",
    final_prompt: "fox",
    negative_prompt: "blurry",
    model: "base",
    loras: [],
    style: null,
    quality: "high",
    num_images: 2,
    steps: 30,
    guidance_scale: 7,
    guidance_start: 0,
    guidance_end: 1,
    width: 64,
    height: 48,
    seed: 7,
    sampler: "euler",
    format: "jpeg",
    embed_parameters: "full",
    base_model: { name: "demo", sha256: null },
    ...change,
  };
}

export function aResult(indices: readonly number[], status: Result["status"] = "processing"): Result {
  const outputs = indices.map((index) => anOutput(index));
  return { job_id: JOB_ID, status, images: outputs.map(({ url }) => url), outputs, metadata: someMetadata() };
}

/** A job as the history lists it; `asked_s` after the epoch. */
export function anItem(id: string, asked_s: number, change: Partial<HistoryItem> = {}): HistoryItem {
  return {
    job_id: id,
    status: "completed",
    created_at: new Date(1000 * asked_s).toISOString(),
    images_total: 1,
    metadata: someMetadata({ prompt: `fox ${id}`, num_images: 1 }),
    images: [anImage(0, { id: `${id}-1` })],
    ...change,
  };
}

/** Of four pictures, 256 by 256 pixels. */
export function makeJob(change: Partial<Job> = {}): Job {
  const request = { prompt: "jade woman, red dress", num_images: 4 };
  const job = newJob({ job_id: "job", warnings: [] }, request, { width: 256, height: 256 }, NOW_MS);
  return { ...job, state: makeState(), ...change };
}

export function makeState(change: Partial<JobState> = {}): JobState {
  return aState({ images_total: 4, estimated_time: 12, ...change });
}

export function makeImage(index: number, change: Partial<Image> = {}): Image {
  return anImage(index, { width: 256, height: 256, bytes: 21_400, ...change });
}
