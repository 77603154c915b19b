/** The one source of "my jobs": `/api/history` in the query cache, under the key `history` and the filter. Events of
 * running jobs and the visitor's own changes patch it there. */
import type { QueryClient } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import { applyEvent, type Job, type JobEvent } from "@/domain/job";
import type { Picture } from "@/domain/picture";
import { FIRST_PAGE_JOBS } from "./first-page";
import { type History, type HistoryPage, jobsOf, pageOf, withJob, withJobs, withNewest } from "./history-pages";

export interface Filter {
  readonly q: string;
  /** `jade` (any version) or `jade-v1`; empty: any. */
  readonly lora: string;
  readonly favorites: boolean;
  /** The id of one; empty: any. */
  readonly collection: string;
}

export const EVERYTHING: Filter = { q: "", lora: "", favorites: false, collection: "" };

const HISTORY = "history";
/** First part of the keys of collections. */
export const COLLECTIONS = "collections";
const JOB = "job";
const PICTURE = "picture";
const PAGE_JOBS = 100;
const TIMEOUT_MS = 15_000;

export function historyKey({ q, lora, favorites, collection }: Filter) {
  return [HISTORY, { q, lora, favorites, collection }] as const;
}

/** The key of one job outside of the history: a comparison named in the address. */
export function jobKey(id: string) {
  return [JOB, id] as const;
}

/** The key of one picture, of any of the visitor's jobs. */
export function pictureKey(id: string) {
  return [PICTURE, id] as const;
}

/** True for the key of a history or of one job. */
export function isJobs(key: readonly unknown[]): boolean {
  return key[0] === HISTORY || key[0] === JOB;
}

/** Throws Refused, Unreachable. */
export async function fetchPage(
  queries: QueryClient,
  filter: Filter,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<HistoryPage> {
  const query = {
    q: filter.q.trim() || undefined,
    lora: filter.lora || undefined,
    favorites: filter.favorites || undefined,
    collection: filter.collection || undefined,
    cursor: cursor ?? undefined,
    limit: cursor ? PAGE_JOBS : FIRST_PAGE_JOBS,
  };
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const limited = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const page = pageOf(await answer(api.GET("/api/history", { params: { query }, signal: limited })));
  const deleted = deletedIds(queries);
  return deleted.size === 0 ? page : { ...page, jobs: page.jobs.map((job) => marked(job, deleted, true)) };
}

/** Fetches the first page again and merges it. Does nothing if the history is not loaded or the server is unreachable. */
export async function refreshNewest(queries: QueryClient, filter: Filter): Promise<void> {
  const key = historyKey(filter);
  if (!queries.getQueryData(key)) return;
  const fresh = await fetchPage(queries, filter, null).catch(() => null);
  if (fresh) queries.setQueryData<History>(key, (history) => history && withNewest(history, fresh));
}

/** All histories that are shown. */
export function refreshShown(queries: QueryClient): void {
  for (const { queryKey } of queries.getQueryCache().findAll({ queryKey: [HISTORY], type: "active" })) {
    void refreshNewest(queries, queryKey[1] as Filter);
  }
}

/** Puts a job into the history. A first fetch on its way may not list it yet: it is replaced by one that is merged. */
export async function addJob(queries: QueryClient, job: Job): Promise<void> {
  const key = historyKey(EVERYTHING);
  const isLoaded = queries.getQueryData(key) !== undefined;
  if (!isLoaded) await queries.cancelQueries({ queryKey: key });
  queries.setQueryData<History>(key, (history) => withJob(history, job));
  if (!isLoaded) void refreshNewest(queries, EVERYTHING);
}

/** Every job in the cache, as often as it is there. */
export function cachedJobs(queries: QueryClient): Job[] {
  const histories = queries.getQueriesData<History>({ queryKey: [HISTORY] });
  const single = queries.getQueriesData<Job | null>({ queryKey: [JOB] });
  return [
    ...histories.flatMap(([, history]) => (history ? jobsOf(history) : [])),
    ...single.flatMap(([, job]) => job ?? []),
  ];
}

export function patchJob(queries: QueryClient, id: string, event: JobEvent): void {
  changeJobs(queries, (job) => (job.id === id ? applyEvent(job, event) : job));
  queries.setQueryData<Job | null>(jobKey(id), (job) => job && applyEvent(job, event));
}

/** Favorite or not, everywhere in the cache. */
export function patchFavorite(queries: QueryClient, id: string, favorite: boolean): void {
  const change = (job: Job) => {
    if (!job.outputs.some((output) => output.id === id)) return job;
    return { ...job, outputs: job.outputs.map((output) => (output.id === id ? { ...output, favorite } : output)) };
  };
  changeJobs(queries, change);
  queries.setQueriesData<Job | null>({ queryKey: [JOB] }, (job) => job && change(job));
  queries.setQueryData<Picture | null>(
    pictureKey(id),
    (picture) => picture && { ...picture, output: { ...picture.output, favorite } },
  );
  dropHidden(queries);
}

/** Fetches shown lists of favorites anew: one that was asked for before the server had the newest favorite lacks it. */
export async function refetchFavorites(queries: QueryClient): Promise<void> {
  const favorites = {
    queryKey: [HISTORY],
    predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => (queryKey[1] as Filter).favorites,
  };
  await queries.cancelQueries(favorites);
  await queries.invalidateQueries(favorites);
}

/** Fetches anew what is shown of collections, and the list of the one that has changed. */
export async function refetchCollection(queries: QueryClient, id: string): Promise<void> {
  const isOf = ({ queryKey }: { queryKey: readonly unknown[] }) => (queryKey[1] as Filter).collection === id;
  await Promise.all([
    queries.invalidateQueries({ queryKey: [COLLECTIONS] }),
    queries.invalidateQueries({ queryKey: [HISTORY], predicate: isOf }),
  ]);
}

/** Marks pictures as deleted, out of sight, or takes the mark back. */
export function markDeleted(queries: QueryClient, ids: Iterable<string>, isDeleted: boolean): void {
  const marks = new Set(ids);
  changeJobs(queries, (job) => marked(job, marks, isDeleted));
}

/** Takes pictures out that the server has deleted, and jobs that have none left. */
export function removePictures(queries: QueryClient, ids: Iterable<string>): void {
  const gone = new Set(ids);
  changeJobs(queries, (job) => {
    const outputs = job.outputs.filter(({ id }) => !gone.has(id));
    if (outputs.length === job.outputs.length) return job;
    return outputs.length === 0 ? null : { ...job, outputs };
  });
  dropHidden(queries);
  void queries.invalidateQueries({ queryKey: [COLLECTIONS] });
}

function changeJobs(queries: QueryClient, change: (job: Job) => Job | null): void {
  queries.setQueriesData<History>({ queryKey: [HISTORY] }, (history) => history && withJobs(history, change));
}

/** Filtered histories that are not shown: whether they list the picture now, only the server knows. */
function dropHidden(queries: QueryClient): void {
  const everything = JSON.stringify(historyKey(EVERYTHING));
  const predicate = ({ queryKey }: { queryKey: readonly unknown[] }) => JSON.stringify(queryKey) !== everything;
  queries.removeQueries({ queryKey: [HISTORY], type: "inactive", predicate });
}

function deletedIds(queries: QueryClient): Set<string> {
  return new Set(
    cachedJobs(queries).flatMap(({ outputs }) => outputs.flatMap((each) => (each.isDeleted ? each.id : []))),
  );
}

function marked(job: Job, ids: ReadonlySet<string>, isDeleted: boolean): Job {
  if (!job.outputs.some(({ id }) => ids.has(id))) return job;
  return { ...job, outputs: job.outputs.map((output) => (ids.has(output.id) ? { ...output, isDeleted } : output)) };
}
