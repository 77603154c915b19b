/** What the API tells of finished work, as the page's own jobs and pictures. Pure. */
import type { GenerateRequest, HistoryItem, KeptImage, Options } from "@/api/types";
import { dayWords } from "@/lib/dates";
import { hasEnded, type Job, newJob } from "@/domain/job";
import { type Picture, settingsOf } from "@/domain/picture";

export interface HistoryPicture extends Picture {
  readonly output: KeptImage;
  readonly id: string;
  readonly day: string;
  readonly width: number;
  readonly height: number;
}

/** Newest job first, each job's pictures in order; a job that stands on two pages, because more was made meanwhile,
 * counts once. */
export function picturesOfHistory(items: readonly HistoryItem[], now_ms: number): HistoryPicture[] {
  const byId = new Map(items.map((item) => [item.job_id, item]));
  return [...byId.values()].flatMap((item) => {
    const job = jobOf(item);
    const day = dayWords(new Date(item.created_at).getTime(), now_ms);
    return item.images.map((output) => ({
      job,
      output,
      id: output.id,
      day,
      width: output.width,
      height: output.height,
    }));
  });
}

/** It may still get pictures. */
export function isUnfinished({ status }: HistoryItem): boolean {
  return !hasEnded(status);
}

/** The first page as it is now before the pages as they were. */
export function withNewer(known: readonly HistoryItem[], fresh: readonly HistoryItem[]): HistoryItem[] {
  const told = new Set(fresh.map((item) => item.job_id));
  return [...fresh, ...known.filter((item) => !told.has(item.job_id))];
}

export function jobOf(item: HistoryItem): Job {
  const request = requestOf(item.metadata);
  const size = { width: request.width ?? 0, height: request.height ?? 0 };
  const job = newJob({ job_id: item.job_id, warnings: [] }, request, size, new Date(item.created_at).getTime());
  const made = item.images.length;
  const state = {
    job_id: item.job_id,
    status: item.status,
    progress: made / item.images_total,
    images_completed: made,
    images_total: item.images_total,
    queue_position: 0,
    estimated_time: 0,
    error: null,
  };
  return { ...job, state, outputs: item.images, metadata: item.metadata };
}

/** The form with this picture's settings: what is the server's default anyway is left to it. */
export function formOf(picture: Picture, options: Options | undefined): GenerateRequest {
  const settings = settingsOf(picture);
  const isDefault = settings.negative_prompt === options?.defaults.negative_prompt;
  return isDefault ? { ...settings, negative_prompt: undefined } : settings;
}

function requestOf(metadata: Readonly<Record<string, unknown>>): GenerateRequest {
  const text = (key: string) => (typeof metadata[key] === "string" ? metadata[key] : undefined);
  const number = (key: string) => (typeof metadata[key] === "number" ? metadata[key] : undefined);
  return {
    prompt: text("prompt") ?? "",
    negative_prompt: text("negative_prompt"),
    style: text("style"),
    num_images: number("num_images"),
    steps: number("steps"),
    guidance_scale: number("guidance_scale"),
    width: number("width"),
    height: number("height"),
    seed: number("seed"),
    sampler: text("sampler"),
    format: text("format") as GenerateRequest["format"],
  };
}
