/** Keeps the cached jobs up to date: from the events of running jobs, the changes of other windows, and the server's list
 * when the page becomes visible again. */
import type { QueryClient } from "@tanstack/react-query";
import { isEnded } from "@/domain/job";
import { cachedJobs, isJobs, patchJob, refreshShown } from "@/jobs/history/history-cache";
import { followJob } from "@/jobs/stream/follow";
import { applyOtherWindows } from "./other-windows";

const kept = new WeakSet<QueryClient>();

/** For the rest of the page's life: streams survive the way from one page to another. Only the first call counts. */
export function keepUpToDate(queries: QueryClient): void {
  if (kept.has(queries)) return;
  kept.add(queries);
  followRunning(queries);
  applyOtherWindows(queries);
  const refresh = () => document.visibilityState === "visible" && refreshShown(queries);
  document.addEventListener("visibilitychange", refresh);
  window.addEventListener("pageshow", ({ persisted }) => persisted && refresh());
}

/** Follows every unfinished job in the cache until its end, or until it leaves the cache. Returns how to stop. */
export function followRunning(queries: QueryClient): () => void {
  const stops = new Map<string, () => void>();

  function update(): void {
    const jobs = new Map(cachedJobs(queries).map((job) => [job.id, job]));
    for (const [id, stop] of stops) {
      if (jobs.has(id)) continue;
      stops.delete(id);
      stop();
    }
    for (const [id, job] of jobs) {
      if (isEnded(job) || stops.has(id)) continue;
      const stop = followJob(id, (event) => patchJob(queries, id, event));
      stops.set(id, stop);
    }
  }

  update();
  const unsubscribe = queries.getQueryCache().subscribe(({ type, query }) => {
    if ((type === "updated" || type === "removed") && isJobs(query.queryKey)) update();
  });
  return () => {
    unsubscribe();
    for (const stop of stops.values()) stop();
  };
}
