import { describe, expect, it } from "vitest";
import { sentence } from "@/lib/words/sentence";
import { makeImage, makeJob, makeState } from "./examples";
import { outcome, progressOf, statusWords } from "./job-words";

describe("statusWords", () => {
  it("names the place in the queue and the forecast", () => {
    const job = (queue_position: number) =>
      makeJob({ state: makeState({ status: "queued", queue_position, estimated_time: 40 }) });
    expect(statusWords(job(3))).toBe("Waiting: 3rd in line · about 40 s");
    expect(statusWords(job(1))).toBe("Waiting: next in line · about 40 s");
    expect(statusWords(job(0))).toBe("Starting · about 40 s");
  });

  it("counts finished pictures", () => {
    expect(statusWords(makeJob())).toBe("Making 4 pictures · 25 % · about 12 s left");
    expect(statusWords(makeJob(), 7)).toBe("Making 4 pictures · 25 % · about 7 s left");
    expect(statusWords(makeJob({ outputs: [makeImage(0), makeImage(2)] }))).toBe(
      "2 of 4 done · 25 % · about 12 s left",
    );
    expect(statusWords(makeJob({ state: makeState({ images_total: 1, estimated_time: 0, progress: 0 }) }))).toBe(
      "Making 1 picture · almost there",
    );
  });

  it("counts the time since it was asked for", () => {
    expect(statusWords(makeJob(), 7, 8.9)).toBe("Making 4 pictures · 25 % · 0:08 · about 7 s left");
    const waiting = makeJob({ state: makeState({ status: "queued", queue_position: 1 }) });
    expect(statusWords(waiting, 40, 3725)).toBe("Waiting: next in line · 1:02:05 · about 40 s");
    expect(statusWords(makeJob(), 7, -2)).toContain(" · 0:00 · "); // the server's clock goes before this one
  });

  it("waits while others go first, though a worker has it", () => {
    const state = makeState({ status: "processing", queue_position: 2, progress: 0, estimated_time: 40 });
    expect(statusWords(makeJob({ state }))).toBe("Waiting: 2nd in line · about 40 s");
    expect(statusWords(makeJob({ state: { ...state, progress: 0.1 } }))).toBe(
      "Making 4 pictures · 10 % · about 40 s left",
    );
  });

  it("names no time while the server does not answer", () => {
    expect(statusWords(makeJob({ connection: "lost" }))).toBe("Reconnecting…");
    expect(statusWords(makeJob({ state: null }))).toBe("Sending…");
  });
});

describe("outcome", () => {
  const ended = (status: "completed" | "failed" | "cancelled", made: number) =>
    outcome(makeJob({ state: makeState({ status }), outputs: Array.from({ length: made }, (_, at) => makeImage(at)) }));

  it("says what is left of a job that did not complete", () => {
    expect(ended("cancelled", 0)).toBe("Cancelled.");
    expect(ended("cancelled", 2)).toBe("Cancelled with 2 of 4 finished.");
    expect(ended("failed", 0)).toBe("These pictures could not be made.");
    expect(ended("failed", 3)).toBe("Only 3 of 4 finished.");
  });

  it("is silent about the rest", () => {
    expect(ended("completed", 4)).toBeNull();
    expect(outcome(makeJob())).toBeNull();
  });
});

it("progress stays within 0 and 1, and is whole at the end", () => {
  expect(progressOf(makeJob({ state: null }))).toBe(0);
  expect(progressOf(makeJob({ state: makeState({ progress: 1.2 }) }))).toBe(1);
  expect(progressOf(makeJob({ state: makeState({ status: "cancelled", progress: 0.25 }) }))).toBe(1);
});

it("makes sentences of the server's reasons", () => {
  expect(sentence("picture 1: out of memory")).toBe("Picture 1: out of memory.");
  expect(sentence("Gone! ")).toBe("Gone!");
  expect(sentence("")).toBe("");
});
