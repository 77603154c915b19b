/** One job as the page knows it, and how events of the server change it. Pure: no network, no React. */

import type {
  Accepted,
  Blocked,
  ComparisonAxes,
  GenerateRequest,
  HistoryItem,
  JobState,
  KeptImage,
  Metadata,
  Output,
  Result,
  Status,
} from "@/api/types";
import { t } from "@/i18n/t";
import { settingsOfMetadata } from "@/settings/settings";

/** A finished picture. `isDeleted`: the visitor has deleted it, and can still bring it back. */
export interface Image extends KeptImage {
  readonly isDeleted?: boolean;
}

/** How events of the job arrive: by its event stream, by polling, or not at all for now. */
export type Connection = "live" | "polling" | "lost";

export interface Job {
  readonly id: string;
  /** Milliseconds since the epoch: by the server's clock, until it has listed the job by this browser's. */
  readonly askedAt_ms: number;
  readonly request: GenerateRequest;
  /** Pixels of each picture, known before the first one is made. */
  readonly width: number;
  readonly height: number;
  /** Null until the server has sent one. */
  readonly state: JobState | null;
  /** Finished pictures by index; a picture that is not made yet, or deleted, is absent. */
  readonly outputs: readonly Image[];
  /** Latest preview of a picture that is being made, as a data: address, by index. */
  readonly previews: Readonly<Record<number, string>>;
  readonly warnings: readonly string[];
  /** The parameters that the server has resolved: seed, final prompt, LoRAs. Null until known. */
  readonly metadata: Metadata | null;
  /** The axes of a job of /api/compare; null for any other, and where only the history has listed it. */
  readonly comparison: ComparisonAxes | null;
  /** What moderation has blocked; absent where nothing is. */
  readonly blocked?: readonly Blocked[] | undefined;
  readonly connection: Connection;
}

/** The data of `completed`, `failed` and `cancelled`. */
export type Ending = Pick<JobState, "job_id" | "status" | "images_completed" | "images_total" | "error">;

export type JobEvent =
  | { kind: "progress"; state: JobState }
  | { kind: "preview"; index: number; image: string }
  | { kind: "image"; output: Output }
  | { kind: "blocked"; blocked: Blocked }
  | { kind: "ended"; ending: Ending }
  | { kind: "result"; state: JobState; result: Result }
  | { kind: "connection"; connection: Connection }
  /** The server does not know the job any more. */
  | { kind: "gone" };

/** `failureOf(job)?.code` of a job that the server does not know any more. */
export const GONE = "gone";

const STAGE: Readonly<Record<Status, number>> = { queued: 0, processing: 1, completed: 2, failed: 2, cancelled: 2 };

/** A job that the server has just accepted. `size` in pixels, `now_ms` since the epoch. */
export function newJob(
  accepted: Pick<Accepted, "job_id" | "warnings">,
  request: GenerateRequest,
  size: { width: number; height: number },
  now_ms: number,
): Job {
  return {
    id: accepted.job_id,
    askedAt_ms: now_ms,
    request,
    width: size.width,
    height: size.height,
    state: null,
    outputs: [],
    previews: {},
    warnings: accepted.warnings,
    metadata: null,
    comparison: null,
    connection: "live",
  };
}

/** A job as the history lists it. The progress of an unfinished job comes with its events. */
export function jobOfHistory(item: HistoryItem): Job {
  const { metadata, images } = item;
  const accepted = { job_id: item.job_id, warnings: [] };
  const job = newJob(accepted, settingsOfMetadata(metadata), metadata, new Date(item.created_at).getTime());
  const ending = {
    job_id: item.job_id,
    status: item.status,
    images_completed: images.length,
    images_total: item.images_total,
    error: null,
  };
  return sized({ ...job, metadata, outputs: images, state: hasEnded(item.status) ? ended(ending) : null });
}

/** A job of which the page knew the id only. */
export function jobOfResult(state: JobState, result: Result, askedAt_ms: number): Job {
  const { metadata } = result;
  const job = newJob({ job_id: result.job_id, warnings: [] }, settingsOfMetadata(metadata), metadata, askedAt_ms);
  return applyEvent(job, { kind: "result", state, result });
}

/** `known` with the fields that the history lists now. Of an ended job the history lists every picture: a missing one was
 * deleted. */
export function refreshed(known: Job, listed: Job): Job {
  const { metadata, askedAt_ms, width, height, request } = listed;
  const job = { ...known, metadata, askedAt_ms, width, height, request };
  if (!isEnded(listed)) return { ...withOutputs(job, listed.outputs), state: known.state };
  return { ...job, outputs: listed.outputs, previews: {}, state: isEnded(known) ? known.state : listed.state };
}

/** The job after the event; the same object where it changes nothing. Events may come twice, and late: a job never goes
 * back to an earlier stage, and a finished picture stays. */
export function applyEvent(job: Job, event: JobEvent): Job {
  switch (event.kind) {
    case "progress":
      return withState(job, event.state);
    case "preview":
      if (isEnded(job) || job.outputs.some((output) => output.index === event.index)) return job;
      return { ...job, previews: { ...job.previews, [event.index]: event.image } };
    case "image":
      if (job.outputs.some((output) => output.id === event.output.id)) return job;
      return withOutputs(job, [event.output]);
    case "blocked":
      if (blockedAt(job, event.blocked.index)) return job;
      return { ...job, blocked: [...(job.blocked ?? []), event.blocked] };
    case "ended":
      return withState(job, ended(event.ending));
    case "result": {
      const { outputs, metadata, comparison = null, blocked } = event.result;
      return { ...withState(withOutputs(job, outputs), event.state), metadata, comparison, blocked };
    }
    case "connection":
      return job.connection === event.connection ? job : { ...job, connection: event.connection };
    case "gone":
      return withState(job, ended(goneEnding(job)));
  }
}

export function isEnded(job: Job): boolean {
  return job.state !== null && hasEnded(job.state.status);
}

export function hasEnded(status: Status): boolean {
  return STAGE[status] === STAGE.completed;
}

/** True if events of a job that may still change do not arrive. */
export function isAnyLost(jobs: readonly Job[]): boolean {
  return jobs.some((job) => job.connection === "lost" && !isEnded(job));
}

/** True for a job of /api/compare. */
export function isComparison(job: Job): boolean {
  return job.comparison !== null || job.metadata?.final_prompts !== undefined;
}

/** The prompt as requested, with its LoRA tags. */
export function promptOf(job: Job): string {
  return job.metadata?.prompt ?? job.request.prompt;
}

/** Pictures that are finished. */
export function numDone(job: Job): number {
  return job.outputs.length;
}

/** Why there is no picture with this index; undefined: moderation has not blocked it. */
export function blockedAt(job: Job, index: number): string | undefined {
  return job.blocked?.find((each) => each.index === index)?.detail;
}

/** Why the job failed, in the server's words; null where it did not. */
export function failureOf(job: Job): { code: string; detail: string } | null {
  return job.state?.status === "failed" ? job.state.error : null;
}

function withState(job: Job, state: JobState): Job {
  const known = job.state;
  const isStale =
    known !== null &&
    (isEnded(job) || STAGE[state.status] < STAGE[known.status] || state.images_completed < known.images_completed);
  if (isStale) return job;
  return { ...job, state, previews: hasEnded(state.status) ? {} : job.previews };
}

function withOutputs(job: Job, fresh: readonly (Output | Image)[]): Job {
  const byIndex = new Map(job.outputs.map((output) => [output.index, output]));
  for (const output of fresh) {
    const { favorite, downloads } = byIndex.get(output.index) ?? { favorite: false, downloads: 0 };
    byIndex.set(output.index, { favorite, downloads, ...output });
  }
  const outputs = [...byIndex.values()].sort((a, b) => a.index - b.index);
  const previews = Object.fromEntries(Object.entries(job.previews).filter(([index]) => !byIndex.has(Number(index))));
  return sized({ ...job, outputs, previews });
}

/** The size of what is finished counts: before that it is a forecast. */
function sized(job: Job): Job {
  const { width = job.width, height = job.height } = job.outputs[0] ?? {};
  return { ...job, width, height };
}

function ended(ending: Ending): JobState {
  const progress = ending.images_total > 0 ? ending.images_completed / ending.images_total : 0;
  return { ...ending, progress, queue_position: 0, estimated_time: 0 };
}

function goneEnding(job: Job): Ending {
  return {
    job_id: job.id,
    status: "failed",
    images_completed: job.outputs.length,
    images_total: job.state?.images_total ?? job.request.num_images ?? job.outputs.length,
    error: { code: GONE, detail: t("This job is no longer on the server.") },
  };
}
