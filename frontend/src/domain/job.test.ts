import { describe, expect, it } from "vitest";
import { aJob, anEnding, anOutput, aResult, aState } from "./examples";
import { applyNews, failureOf, GONE, isEnded, type Job, type JobNews, numDone } from "./job";

const jobAfter = (...news: JobNews[]): Job => news.reduce(applyNews, aJob());
const image = (index: number): JobNews => ({ kind: "image", output: anOutput(index) });
const progress = (state: Parameters<typeof aState>[0]): JobNews => ({ kind: "progress", state: aState(state) });
const preview = (index: number): JobNews => ({ kind: "preview", index, image: `data:${index}` });

describe("a new job", () => {
  it("has said nothing yet", () => {
    const job = aJob();
    expect(job).toMatchObject({ id: "a".repeat(32), state: null, outputs: [], warnings: ["warned"], width: 64 });
    expect([isEnded(job), numDone(job), failureOf(job)]).toEqual([false, 0, null]);
  });
});

describe("pictures", () => {
  it("stand in their order, however they arrive, and each once", () => {
    const job = jobAfter(image(2), image(0), image(2));
    expect(job.outputs.map((output) => output.index)).toEqual([0, 2]);
    expect(numDone(job)).toBe(2);
  });

  it("take the place of their preview, which does not come back", () => {
    const job = jobAfter(preview(0), preview(1), image(0), preview(0));
    expect(job.previews).toEqual({ 1: "data:1" });
  });

  it("are joined by those of a result, which also tells the metadata", () => {
    const job = jobAfter(image(0), preview(1), { kind: "result", state: aState({}), result: aResult([1]) });
    expect(job.outputs.map((output) => output.index)).toEqual([0, 1]);
    expect(job.previews).toEqual({});
    expect(job.metadata).toEqual({ seed: 7 });
  });
});

describe("the state", () => {
  it("does not go back", () => {
    const job = jobAfter(progress({ status: "processing", images_completed: 2 }));
    expect(applyNews(job, progress({ status: "queued" }))).toBe(job);
    expect(applyNews(job, progress({ status: "processing", images_completed: 1 }))).toBe(job);
  });

  it.each(["completed", "failed", "cancelled"] as const)("stays %s", (status) => {
    const job = jobAfter(preview(0), { kind: "ended", ending: anEnding({ status, images_completed: 1 }) });
    expect(job.state).toMatchObject({ status, progress: 0.5, queue_position: 0, estimated_time: 0 });
    expect(isEnded(job)).toBe(true);
    expect(job.previews).toEqual({});
    expect(applyNews(job, progress({ status: "processing", images_completed: 2 }))).toBe(job);
    expect(applyNews(job, preview(1))).toBe(job);
  });

  it("tells why a job failed", () => {
    const error = { code: "out-of-memory", detail: "No memory." };
    expect(failureOf(jobAfter({ kind: "ended", ending: anEnding({ status: "failed", error }) }))).toEqual(error);
  });
});

describe("a job the server does not know", () => {
  it("has failed as gone, and keeps what was seen of it", () => {
    const job = jobAfter(progress({ images_total: 4 }), image(0), { kind: "gone" });
    expect(failureOf(job)?.code).toBe(GONE);
    expect(job.state?.images_total).toBe(4);
    expect(numDone(job)).toBe(1);
  });

  it("stays completed where it was", () => {
    const job = jobAfter({ kind: "ended", ending: anEnding({ status: "completed" }) });
    expect(applyNews(job, { kind: "gone" })).toBe(job);
  });
});

describe("the connection", () => {
  it("changes nothing where it stays the same", () => {
    const job = jobAfter({ kind: "connection", connection: "lost" });
    expect(job.connection).toBe("lost");
    expect(applyNews(job, { kind: "connection", connection: "lost" })).toBe(job);
  });
});
