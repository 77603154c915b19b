import { describe, expect, it } from "vitest";
import type { HistoryItem } from "@/api/types";
import { aJob, anImage, anItem } from "@/domain/examples";
import { applyEvent, type Job, jobOfHistory } from "@/domain/job";
import {
  type History,
  type HistoryPage,
  jobsOf,
  pageOf,
  visibleJobs,
  withJob,
  withJobs,
  withNewest,
} from "./history-pages";

const page = (items: readonly HistoryItem[], next_cursor: string | null = null): HistoryPage =>
  pageOf({ items: [...items], next_cursor });
const history = (...pages: HistoryPage[]): History => ({
  pages,
  pageParams: pages.map((_, at) => (at === 0 ? null : `cursor-${at}`)),
});
const ids = (jobs: readonly Job[]) => jobs.map(({ id }) => id).join(" ");
const newJob = (id: string, askedAt_ms: number): Job => ({ ...aJob(), id, askedAt_ms });
const failed = (id: string, asked_s: number) => anItem(id, asked_s, { status: "failed", images: [] });

describe("jobs", () => {
  it("count once where they are on two pages", () => {
    const twice = history(page([anItem("c", 3), anItem("b", 2)], "x"), page([anItem("b", 2), anItem("a", 1)]));
    expect(ids(jobsOf(twice))).toBe("c b a");
  });

  it("are shown without deleted pictures, and not at all without a picture left", () => {
    const images = [anImage(0, { isDeleted: true }), anImage(1)];
    const gone = anItem("a", 1, { images: [anImage(0, { isDeleted: true })] });
    const shown = visibleJobs(history(page([anItem("b", 2, { images, images_total: 2 }), gone, failed("c", 0)])));
    expect(ids(shown)).toBe("b c");
    expect(shown[0]?.outputs.map(({ index }) => index)).toEqual([1]);
  });

  it("are the same objects where nothing changes", () => {
    const known = history(page([anItem("b", 2)], "x"), page([anItem("a", 1)]));
    expect(withJobs(known, (job) => job)).toBe(known);
    const changed = withJobs(known, (job) => (job.id === "a" ? { ...job, warnings: ["new"] } : job));
    expect(changed.pages[0]).toBe(known.pages[0]);
    expect(ids(jobsOf(withJobs(known, (job) => (job.id === "b" ? null : job))))).toBe("a");
  });
});

describe("a job that comes", () => {
  const known = history(page([anItem("c", 30), anItem("b", 20)], "x"), page([anItem("a", 10)]));

  it("stands in the place of its time, once", () => {
    expect(ids(jobsOf(withJob(known, newJob("new", 40_000))))).toBe("new c b a");
    expect(ids(jobsOf(withJob(known, newJob("between", 25_000))))).toBe("c between b a");
    expect(ids(jobsOf(withJob(known, newJob("late", 15_000))))).toBe("c b late a");
    expect(ids(jobsOf(withJob(known, newJob("old", 5_000))))).toBe("c b a old");
    expect(withJob(known, newJob("b", 99_000))).toBe(known);
  });

  it("is the first of a history that is not loaded", () => {
    expect(withJob(undefined, newJob("new", 1)).pages).toHaveLength(1);
  });
});

describe("the first page fetched again", () => {
  it("puts what is newer first and keeps what was loaded", () => {
    const known = history(page([anItem("b", 2), anItem("a", 1)], "x"), page([anItem("0", 0)]));
    const next = withNewest(known, page([anItem("c", 3), anItem("b", 2)], "y"));
    expect(ids(jobsOf(next))).toBe("c b a 0");
    expect(next.pages.map(({ next_cursor }) => next_cursor)).toEqual(["x", null]);
    expect(next.pageParams).toEqual(known.pageParams);
  });

  it("keeps live jobs as they are, and jobs that only this browser knows", () => {
    const live = applyEvent(newJob("live", 3_000), { kind: "preview", index: 0, image: "data:0" });
    const known = history({
      jobs: [live, jobOfHistory(failed("f", 2)), jobOfHistory(anItem("a", 1))],
      next_cursor: null,
    });
    const next = withNewest(known, page([anItem("live", 3, { status: "processing", images: [] }), anItem("a", 1)]));
    expect(ids(jobsOf(next))).toBe("live f a");
    expect(jobsOf(next)[0]?.previews).toEqual({ 0: "data:0" });
  });

  it("takes out what was deleted elsewhere, as far as it reaches", () => {
    const known = history(page([anItem("c", 3), anItem("b", 2), anItem("a", 1)], "x"));
    expect(ids(jobsOf(withNewest(known, page([anItem("c", 3), anItem("a", 1)], "x"))))).toBe("c a");
    expect(ids(jobsOf(withNewest(known, page([anItem("c", 3)], "x"))))).toBe("c b a");
    expect(ids(jobsOf(withNewest(known, page([anItem("c", 3)]))))).toBe("c");
  });

  it("takes nothing out where the server keeps no history of this browser", () => {
    const known = history(page([anItem("b", 2), anItem("a", 1)]));
    expect(ids(jobsOf(withNewest(known, page([]))))).toBe("b a");
  });

  it("begins anew where more was made than it holds, but for what no page lists", () => {
    const known = history(page([anItem("b", 2), failed("f", 1)], "x"), page([anItem("a", 0)]));
    const next = withNewest(known, page([anItem("z", 9), anItem("y", 8)], "w"));
    expect(ids(jobsOf(next))).toBe("z y f");
    expect(next.pages).toHaveLength(1);
    expect(next.pages[0]?.next_cursor).toBe("w");
  });

  it("completes a history that a new job has begun", () => {
    const begun = withJob(undefined, newJob("new", 9_000));
    const next = withNewest(begun, page([anItem("new", 9, { status: "queued", images: [] }), anItem("a", 1)], "x"));
    expect(ids(jobsOf(next))).toBe("new a");
    expect(next.pages[0]?.next_cursor).toBe("x");
  });
});
