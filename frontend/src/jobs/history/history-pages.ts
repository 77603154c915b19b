/** The pages of a history as the query cache holds them, and how they change. Pure. */
import type { InfiniteData } from "@tanstack/react-query";
import type { HistoryItems } from "@/api/types";
import { isEnded, type Job, jobOfHistory, refreshed } from "@/domain/job";

export interface HistoryPage {
  readonly jobs: readonly Job[];
  readonly next_cursor: string | null;
}

/** Newest job first. */
export type History = InfiniteData<HistoryPage, string | null>;

export function pageOf({ items, next_cursor }: HistoryItems): HistoryPage {
  return { jobs: items.map(jobOfHistory), next_cursor };
}

/** Each job once: one that moved down while a page was fetched is on two. */
export function jobsOf({ pages }: History): Job[] {
  return [...new Map(pages.flatMap(({ jobs }) => jobs.map((job) => [job.id, job] as const))).values()];
}

/** The jobs without their deleted pictures; one that has none left is no job any more. */
export function visibleJobs(history: History): Job[] {
  return jobsOf(history).flatMap((job) => {
    const outputs = job.outputs.filter((output) => !output.isDeleted);
    if (outputs.length === job.outputs.length) return [job];
    return outputs.length === 0 && isEnded(job) ? [] : [{ ...job, outputs }];
  });
}

/** The history with each job changed, or taken out where `change` returns null; the same object where none is. */
export function withJobs(history: History, change: (job: Job) => Job | null): History {
  const pages = history.pages.map((page) => {
    const jobs = page.jobs.map(change);
    if (jobs.every((job, at) => job === page.jobs[at])) return page;
    return { ...page, jobs: jobs.filter((job) => job !== null) };
  });
  return pages.every((page, at) => page === history.pages[at]) ? history : { ...history, pages };
}

/** With a job that the server has accepted, or that the history does not list, in the place of its time. */
export function withJob(history: History | undefined, job: Job): History {
  if (!history) return { pages: [{ jobs: [job], next_cursor: null }], pageParams: [null] };
  if (jobsOf(history).some(({ id }) => id === job.id)) return history;
  const at = history.pages.findIndex(({ jobs }) => jobs.some(({ askedAt_ms }) => askedAt_ms <= job.askedAt_ms));
  const pages = history.pages.with(at, inPlace(history.pages.at(at) as HistoryPage, job)); // -1: the last page
  return { ...history, pages };
}

/** The history after its first page was fetched again. Where none of its jobs is known, more were made meanwhile than a
 * page holds: the older pages are dropped, to be fetched when they are scrolled to. */
export function withNewest(history: History, fresh: HistoryPage): History {
  const known = jobsOf(history);
  const byId = new Map(known.map((job) => [job.id, job]));
  const listed = new Set(fresh.jobs.map(({ id }) => id));
  const isApart = fresh.next_cursor !== null && !known.some(({ id }) => listed.has(id));
  const isKept = (job: Job) => !listed.has(job.id) && !isGone(job, fresh);
  const [first, ...others] = history.pages;
  const beside = isApart ? known.filter(({ outputs }) => outputs.length === 0) : (first?.jobs ?? []).filter(isKept);
  const rest = isApart ? [] : others.map((page) => ({ ...page, jobs: page.jobs.filter(isKept) }));
  const page: HistoryPage = {
    jobs: fresh.jobs.map((job) => refreshed(byId.get(job.id) ?? job, job)),
    next_cursor: rest.length > 0 && first ? first.next_cursor : fresh.next_cursor,
  };
  return { pages: [beside.reduce(inPlace, page), ...rest], pageParams: history.pageParams.slice(0, 1 + rest.length) };
}

/** True if another window or browser has deleted the job: it has ended with pictures, falls into the time that the fresh page
 * covers, and is not on it. An empty page covers no time: a browser whose cookie does not reach the server has no history
 * there. */
function isGone(job: Job, { jobs, next_cursor }: HistoryPage): boolean {
  const oldest = jobs.at(-1);
  if (!oldest || !isEnded(job) || job.outputs.length === 0) return false;
  return next_cursor === null || job.askedAt_ms >= oldest.askedAt_ms;
}

function inPlace(page: HistoryPage, job: Job): HistoryPage {
  const older = page.jobs.findIndex(({ askedAt_ms }) => askedAt_ms <= job.askedAt_ms);
  return { ...page, jobs: page.jobs.toSpliced(older < 0 ? page.jobs.length : older, 0, job) };
}
