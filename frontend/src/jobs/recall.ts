/** Jobs that the browser remembers, brought back with what the server knows of them. */
import { Refused, Unreachable } from "@/api/client";
import { applyNews, type Job, newJob } from "@/domain/job";
import { type LookedUp, lookUp } from "@/jobs/stream/fetch-job";
import type { RecentJob } from "./recent";

const MAX_AT_ONCE = 3;
const RETRY_MS = 2_000;

interface JobList {
  add(job: Job): void;
  isListed(id: string): boolean;
  /** The server does not know the job. */
  forget(id: string): void;
}

/** Answers a function that queues jobs: three at a time are looked up, first come first, and added to `list`; while the
 * server does not answer they wait. */
export function recall(list: JobList): (jobs: readonly RecentJob[]) => void {
  const queue: RecentJob[] = [];
  const asked = new Set<string>();
  let numWorkers = 0;

  async function work(): Promise<void> {
    for (let next = queue.shift(); next; next = queue.shift()) {
      try {
        const news = await lookUp(next.id, new AbortController().signal);
        asked.delete(next.id);
        if (news.kind === "gone") list.forget(next.id);
        else if (!list.isListed(next.id)) list.add(brought(next, news));
      } catch (error) {
        if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
        queue.push(next);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    numWorkers -= 1;
  }

  return (jobs) => {
    for (const job of jobs) {
      if (asked.has(job.id) || list.isListed(job.id)) continue;
      asked.add(job.id);
      queue.push(job);
    }
    while (numWorkers < MAX_AT_ONCE && queue.length > 0) {
      numWorkers += 1;
      void work();
    }
  };
}

function brought(recent: RecentJob, news: LookedUp): Job {
  const job = newJob({ job_id: recent.id, warnings: [] }, recent.request, recent, recent.askedAt_ms);
  return applyNews(job, news);
}
