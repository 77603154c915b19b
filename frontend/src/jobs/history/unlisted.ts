/** Brings jobs of this browser into the history's cache that the history does not list. */
import type { QueryClient } from "@tanstack/react-query";
import { hasEnded, isEnded, jobOfResult } from "@/domain/job";
import { fetchJob } from "@/jobs/stream/fetch-job";
import { addJob } from "./history-cache";
import type { HistoryPage } from "./history-pages";
import { forgetUnlisted, readNotes } from "./list-notes";

/** `newest`: the first page of the history, just fetched. Stops if the server is unreachable: the next load of the page
 * tries again. */
export async function addUnlisted(queries: QueryClient, newest: HistoryPage): Promise<void> {
  const listed = new Map(newest.jobs.map((job) => [job.id, job]));
  forgetUnlisted(newest.jobs.filter(isEnded).map(({ id }) => id));
  for (const [id, askedAt_ms] of Object.entries(readNotes().unlisted)) {
    if (listed.has(id)) continue;
    const found = await fetchJob(id, new AbortController().signal).catch(() => null);
    if (found === null) return;
    if (found.kind === "gone" || isElsewhere(found.state.status, found.result.outputs.length, newest))
      forgetUnlisted([id]);
    else await addJob(queries, jobOfResult(found.state, found.result, askedAt_ms));
  }
}

/** Cancelled without a picture, or on a later page of the history. */
function isElsewhere(status: Parameters<typeof hasEnded>[0], numPictures: number, newest: HistoryPage): boolean {
  if (numPictures === 0) return status === "cancelled";
  return newest.jobs.length > 0 && hasEnded(status);
}
