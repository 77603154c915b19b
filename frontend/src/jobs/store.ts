/** The jobs of this browser, newest first. */
import { create } from "zustand";
import { answer, api, Unreachable } from "@/api/client";
import type { GenerateRequest } from "@/api/types";
import { followJob } from "@/jobs/stream/follow";
import { applyNews, isEnded, type Job, type JobNews, newJob } from "@/domain/job";
import { recall } from "./recall";
import { forget, onOtherTabs, recentJobs, remember } from "./recent";

export interface JobsStore {
  readonly jobs: readonly Job[];
  /** Asks for pictures of `size` (pixels). Throws Refused, Unreachable; after 30 s without an answer too. */
  generate(request: GenerateRequest, size: { width: number; height: number }): Promise<Job>;
  /** Takes effect at the next denoising step. Throws Refused, Unreachable. */
  cancel(id: string): Promise<void>;
  /** From this browser's list only; the pictures stay on the server. */
  remove(id: string): void;
  clearEnded(): void;
  /** Brings back what localStorage remembers, and what other tabs ask for from now on. Only the first call counts. */
  restore(): void;
}

const ACCEPT_WITHIN_MS = 30_000;

/** 128 random bits. (`crypto.randomUUID` is there on secure origins only.) */
function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const useJobs = create<JobsStore>()((set, get) => {
  const follows = new Map<string, () => void>();
  let isRestored = false;

  function follow(id: string): void {
    follows.set(
      id,
      followJob(id, (news) => tell(id, news)),
    );
  }

  function tell(id: string, news: JobNews): void {
    const jobs = get().jobs.map((job) => (job.id === id ? applyNews(job, news) : job));
    if (jobs.some((job, at) => job !== get().jobs[at])) set({ jobs });
  }

  function add(job: Job): void {
    const others = get().jobs.filter((other) => other.id !== job.id);
    set({ jobs: [job, ...others].sort((a, b) => b.askedAt_ms - a.askedAt_ms) });
    if (!isEnded(job)) follow(job.id);
  }

  function drop(ids: ReadonlySet<string>): void {
    for (const id of ids) {
      follows.get(id)?.();
      follows.delete(id);
    }
    forget(ids);
    set({ jobs: get().jobs.filter((job) => !ids.has(job.id)) });
  }

  const isListed = (id: string) => get().jobs.some((job) => job.id === id);

  return {
    jobs: [],
    async generate(request, size) {
      const signal = AbortSignal.timeout(ACCEPT_WITHIN_MS);
      const params = { header: { "Idempotency-Key": freshKey() } };
      const ask = () => answer(api.POST("/api/generate", { body: request, params, signal }));
      const accepted = await ask()
        .catch((error) => {
          if (error instanceof Unreachable && !signal.aborted) return ask(); // a lost answer is told again
          throw error;
        })
        .catch((error) => {
          throw error instanceof Unreachable ? new Unreachable(signal.aborted) : error;
        });
      const job = newJob(accepted, request, size, Date.now());
      remember(job);
      add(job);
      return job;
    },
    async cancel(id) {
      const state = await answer(api.DELETE("/api/jobs/{job_id}", { params: { path: { job_id: id } } }));
      tell(id, { kind: "progress", state });
    },
    remove: (id) => drop(new Set([id])),
    clearEnded: () => drop(new Set(get().jobs.flatMap((job) => (isEnded(job) ? [job.id] : [])))),
    restore() {
      if (isRestored) return;
      isRestored = true;
      const bringBack = recall({ add, isListed, forget: (id) => forget(new Set([id])) });
      bringBack(recentJobs());
      onOtherTabs(bringBack);
    },
  };
});
