/** One job as the page knows it, and how news changes it. Pure: no network, no React. */
import type { Accepted, GenerateRequest, JobState, Output, Result, Status } from "@/api/types";

/** How news of the job arrives: by its event stream, by asking again and again, or not at all for now. */
export type Connection = "live" | "polling" | "lost";

export interface Job {
  readonly id: string;
  /** Milliseconds since the epoch, by this browser's clock. */
  readonly askedAt_ms: number;
  readonly request: GenerateRequest;
  /** Pixels of each picture, known before the first one is made. */
  readonly width: number;
  readonly height: number;
  /** Null until the server has said something. */
  readonly state: JobState | null;
  /** Finished pictures by index; a picture not made yet is absent. */
  readonly outputs: readonly Output[];
  /** Latest preview of a picture being made, as a data: address, by index. */
  readonly previews: Readonly<Record<number, string>>;
  readonly warnings: readonly string[];
  /** What the server made of the request: seed, final prompt, model (metadata of the result). Null until known. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly connection: Connection;
}

/** The data of `completed`, `failed` and `cancelled`. */
export type Ending = Pick<JobState, "job_id" | "status" | "images_completed" | "images_total" | "error">;

export type JobNews =
  | { kind: "progress"; state: JobState }
  | { kind: "preview"; index: number; image: string }
  | { kind: "image"; output: Output }
  | { kind: "ended"; ending: Ending }
  | { kind: "result"; state: JobState; result: Result }
  | { kind: "connection"; connection: Connection }
  /** The server does not know the job any more. */
  | { kind: "gone" };

/** `failureOf(job)?.code` of a job that the server does not know any more. */
export const GONE = "gone";

const STAGE: Readonly<Record<Status, number>> = { queued: 0, processing: 1, completed: 2, failed: 2, cancelled: 2 };

/** A job that the server has just taken on. `size` in pixels, `now_ms` since the epoch. */
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
    connection: "live",
  };
}

/** The job after the news; the same object where it tells nothing new. News may come twice, and late: a job never goes
 * back to an earlier stage, and a finished picture stays. */
export function applyNews(job: Job, news: JobNews): Job {
  switch (news.kind) {
    case "progress":
      return withState(job, news.state);
    case "preview":
      if (isEnded(job) || job.outputs.some((output) => output.index === news.index)) return job;
      return { ...job, previews: { ...job.previews, [news.index]: news.image } };
    case "image":
      if (job.outputs.some((output) => output.id === news.output.id)) return job;
      return withOutputs(job, [news.output]);
    case "ended":
      return withState(job, ended(news.ending));
    case "result": {
      const told = withState(withOutputs(job, news.result.outputs), news.state);
      return { ...told, metadata: news.result.metadata };
    }
    case "connection":
      return job.connection === news.connection ? job : { ...job, connection: news.connection };
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

/** Pictures that are finished. */
export function numDone(job: Job): number {
  return job.outputs.length;
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

function withOutputs(job: Job, fresh: readonly Output[]): Job {
  const byIndex = new Map([...job.outputs, ...fresh].map((output) => [output.index, output]));
  const outputs = [...byIndex.values()].sort((a, b) => a.index - b.index);
  const previews = Object.fromEntries(Object.entries(job.previews).filter(([index]) => !byIndex.has(Number(index))));
  return { ...job, outputs, previews };
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
    error: { code: GONE, detail: "The server does not know this job any more. Its pictures may be gone too." },
  };
}
