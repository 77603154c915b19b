import { describe, expect, it } from "vitest";
import { aJob, anEnding, anImage, anItem, anOutput, aResult, aState, someMetadata } from "./examples";
import {
  applyEvent,
  blockedAt,
  failureOf,
  GONE,
  isAnyLost,
  isEnded,
  type Job,
  type JobEvent,
  jobOfHistory,
  jobOfResult,
  numDone,
  promptOf,
  refreshed,
} from "./job";

const jobAfter = (...events: JobEvent[]): Job => events.reduce(applyEvent, aJob());
const image = (index: number): JobEvent => ({ kind: "image", output: anOutput(index) });
const progress = (state: Parameters<typeof aState>[0]): JobEvent => ({ kind: "progress", state: aState(state) });
const preview = (index: number): JobEvent => ({ kind: "preview", index, image: `data:${index}` });

describe("a new job", () => {
  it("has no status yet", () => {
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

  it("are joined by those of a result, which has the metadata too", () => {
    const job = jobAfter(image(0), preview(1), { kind: "result", state: aState({}), result: aResult([1]) });
    expect(job.outputs.map((output) => output.index)).toEqual([0, 1]);
    expect(job.previews).toEqual({});
    expect(job.metadata).toEqual(someMetadata());
  });
});

describe("blocked pictures", () => {
  const blocked = { id: "a-2", index: 1, seed: 8, score: 0.93, detail: "a classifier scores this picture 0.93" };

  it("say why they are not there, each once", () => {
    const job = jobAfter(image(0), { kind: "blocked", blocked }, { kind: "blocked", blocked });
    expect([blockedAt(job, 0), blockedAt(job, 1)]).toEqual([undefined, blocked.detail]);
    expect(job.blocked).toHaveLength(1);
  });

  it("come with the result, too", () => {
    const result = { ...aResult([0], "completed"), blocked: [blocked] };
    expect(jobAfter({ kind: "result", state: aState({}), result }).blocked).toEqual([blocked]);
    expect(jobAfter({ kind: "result", state: aState({}), result: aResult([0]) }).blocked).toBeUndefined();
  });
});

describe("the state", () => {
  it("does not go back", () => {
    const job = jobAfter(progress({ status: "processing", images_completed: 2 }));
    expect(applyEvent(job, progress({ status: "queued" }))).toBe(job);
    expect(applyEvent(job, progress({ status: "processing", images_completed: 1 }))).toBe(job);
  });

  it.each(["completed", "failed", "cancelled"] as const)("stays %s", (status) => {
    const job = jobAfter(preview(0), { kind: "ended", ending: anEnding({ status, images_completed: 1 }) });
    expect(job.state).toMatchObject({ status, progress: 0.5, queue_position: 0, estimated_time: 0 });
    expect(isEnded(job)).toBe(true);
    expect(job.previews).toEqual({});
    expect(applyEvent(job, progress({ status: "processing", images_completed: 2 }))).toBe(job);
    expect(applyEvent(job, preview(1))).toBe(job);
  });

  it("says why a job failed", () => {
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
    expect(applyEvent(job, { kind: "gone" })).toBe(job);
  });
});

describe("the connection", () => {
  it("changes nothing where it stays the same", () => {
    const job = jobAfter({ kind: "connection", connection: "lost" });
    expect(job.connection).toBe("lost");
    expect(applyEvent(job, { kind: "connection", connection: "lost" })).toBe(job);
  });
});

it("a lost connection matters only while the job can change", () => {
  const lost: JobEvent = { kind: "connection", connection: "lost" };
  expect(isAnyLost([jobAfter(lost)])).toBe(true);
  expect(isAnyLost([jobAfter(lost, { kind: "ended", ending: anEnding({}) }), jobAfter(progress({}))])).toBe(false);
});

describe("a job of the history", () => {
  it("has ended with its pictures, or waits for its events", () => {
    const ended = jobOfHistory(anItem("a", 5));
    expect(ended).toMatchObject({ id: "a", askedAt_ms: 5_000, width: 64, state: { status: "completed", progress: 1 } });
    expect([isEnded(ended), numDone(ended), promptOf(ended)]).toEqual([true, 1, "fox a"]);
    const running = jobOfHistory(anItem("a", 5, { status: "processing", images: [] }));
    expect([running.state, isEnded(running)]).toEqual([null, false]);
  });

  it("keeps what events have brought when it is listed again", () => {
    const running = jobAfter(progress({ progress: 0.6 }), image(0), preview(1));
    const item = anItem(running.id, 5, { status: "processing", images: [anImage(0, { favorite: true })] });
    const again = refreshed(running, jobOfHistory(item));
    expect(again).toMatchObject({ state: { progress: 0.6 }, previews: { 1: "data:1" }, warnings: ["warned"] });
    expect(again.outputs).toMatchObject([{ index: 0, favorite: true }]);
    expect(again.metadata?.prompt).toBe(`fox ${running.id}`);
  });

  it("loses what was deleted elsewhere, and keeps why it failed", () => {
    const error = { code: "out-of-memory", detail: "No memory." };
    const failed = jobAfter(image(0), image(1), { kind: "ended", ending: anEnding({ status: "failed", error }) });
    const item = anItem(failed.id, 5, { status: "failed", images: [anImage(1)] });
    const again = refreshed(failed, jobOfHistory(item));
    expect(again.outputs.map(({ index }) => index)).toEqual([1]);
    expect(failureOf(again)).toEqual(error);
  });
});

it("a job that is fetched by its id is whole", () => {
  const job = jobOfResult(
    aState({ status: "failed", error: { code: "x", detail: "Why." } }),
    aResult([0], "failed"),
    9,
  );
  expect(job).toMatchObject({ id: "a".repeat(32), askedAt_ms: 9, state: { status: "failed" }, width: 64 });
  expect([numDone(job), failureOf(job)?.detail, promptOf(job)]).toEqual([1, "Why.", "fox"]);
});

it("a picture that comes again keeps its mark as a favorite", () => {
  const job = { ...jobAfter(image(0)), outputs: [anImage(0, { favorite: true })] };
  const again = applyEvent(job, { kind: "result", state: aState({}), result: aResult([0]) });
  expect(again.outputs[0]?.favorite).toBe(true);
});
