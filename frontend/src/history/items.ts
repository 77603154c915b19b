/** The history's jobs as pictures on a wall. Pure. */
import type { Job } from "@/domain/job";
import { type Picture, picturesOf } from "@/domain/picture";
import { dayWords } from "@/lib/words/dates";

export interface HistoryPicture extends Picture {
  readonly id: string;
  readonly day: string;
  readonly width: number;
  readonly height: number;
}

/** Newest job first, each job's pictures in order. */
export function picturesOfHistory(jobs: readonly Job[], now_ms: number): HistoryPicture[] {
  const days = new Map(jobs.map((job) => [job.id, dayWords(job.askedAt_ms, now_ms)]));
  return picturesOf(jobs).map(({ job, output }) => {
    const { id, width, height } = output;
    return { job, output, id, day: days.get(job.id) ?? "", width, height };
  });
}
