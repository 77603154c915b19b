/** Mutations that create and cancel jobs. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { fetchOptions } from "@/api/catalog";
import { answer, api, Unreachable } from "@/api/client";
import type { Accepted, GenerateRequest } from "@/api/types";
import { type Job, newJob } from "@/domain/job";
import { addJob, cachedJobs, patchJob } from "@/jobs/history/history-cache";
import { noteAccepted } from "@/jobs/history/list-notes";
import { resultSize } from "@/settings/shapes";
import { postChange } from "./other-windows";
import { startSize } from "./pictures";

const ACCEPT_WITHIN_MS = 30_000;

/** `isOfForm`: a retry sends the form's content at that time. */
export interface Asked {
  readonly request: GenerateRequest;
  readonly isOfForm: boolean;
}

/** Fails with Refused, Unreachable; after 30 s without a response too. */
export function useGenerate() {
  const add = useAddJob();
  const queries = useQueryClient();
  return useMutation({
    async mutationFn({ request }: Asked) {
      const options =
        queries.getQueryData<Awaited<ReturnType<typeof fetchOptions>>>(["options"]) ?? (await fetchOptions());
      const size = resultSize(request, options, await startSize(queries, request));
      return { accepted: await accept((once) => api.POST("/api/generate", { body: request, ...once })), size };
    },
    onSuccess: ({ accepted, size }, { request }) => add(accepted, request, size),
    meta: { isReported: true },
  });
}

/** Makes a job once more, with its own seed (the same pictures) or a new one (others). */
export function useAgain() {
  const add = useAddJob();
  return useMutation({
    mutationFn: ({ job, seed }: { job: Job; seed: "same" | "new" }) =>
      answer(api.POST("/api/jobs/{job_id}/again", { params: { path: { job_id: job.id } }, body: { seed } })),
    onSuccess(accepted, { job, seed }) {
      const { seed: _seed, ...others } = job.request;
      return add(accepted, seed === "same" ? job.request : others, job);
    },
  });
}

/** Takes effect at the next denoising step. */
export function useCancel() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/api/jobs/{job_id}", { params: { path: { job_id: id } } })),
    onSuccess: (state, id) => patchJob(queries, id, { kind: "progress", state }),
  });
}

/** Puts an accepted job into the list. */
export function useAddJob() {
  const queries = useQueryClient();
  return async (accepted: Accepted, request: GenerateRequest, size: { width: number; height: number }) => {
    const newest_ms = Math.max(0, ...cachedJobs(queries).map(({ askedAt_ms }) => askedAt_ms));
    const job = newJob(accepted, request, size, Math.max(Date.now(), newest_ms + 1)); // a slow clock puts it first too
    noteAccepted(job);
    await addJob(queries, job);
    postChange({ kind: "job" });
  };
}

/** Options of a call that makes a job once, however often it is sent. */
export interface Once {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Sends a request for a job; once more, with the same idempotency key, if its response was lost. Throws Refused,
 * Unreachable. */
export async function accept<Answer = Accepted>(
  send: (once: Once) => Parameters<typeof answer<Answer>>[0],
): Promise<Answer> {
  const signal = AbortSignal.timeout(ACCEPT_WITHIN_MS);
  const once = { headers: { "Idempotency-Key": freshKey() }, signal };
  const answered = () => answer(send(once));
  try {
    return await answered().catch((error) => {
      if (error instanceof Unreachable && !signal.aborted) return answered();
      throw error;
    });
  } catch (error) {
    throw error instanceof Unreachable ? new Unreachable(signal.aborted) : error;
  }
}

/** 128 random bits. (`crypto.randomUUID` is there on secure origins only.) */
function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
