/** The status of a job and its result, fetched once. */
import { answer, api, Refused } from "@/api/client";
import type { JobEvent } from "@/domain/job";

export type FetchedJob = Extract<JobEvent, { kind: "result" | "gone" }>;
export type FetchJob = (id: string, signal: AbortSignal) => Promise<FetchedJob>;

const TIMEOUT_MS = 8_000;

/** The status first: where it says that the job has ended, the result has all its pictures. Throws Refused,
 * Unreachable. */
export const fetchJob: FetchJob = async (id, signal) => {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const job = { params: { path: { job_id: id } }, signal: limited };
  try {
    const state = await answer(api.GET("/api/status/{job_id}", job));
    const result = await answer(api.GET("/api/result/{job_id}", job));
    return { kind: "result", state, result };
  } catch (error) {
    // A problem document of the server: a proxy without its server may respond with 404 too.
    if (error instanceof Refused && error.status === 404 && error.kind === "not-found") return { kind: "gone" };
    throw error;
  }
};
