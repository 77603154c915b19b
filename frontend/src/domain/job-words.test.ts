import { describe, expect, it } from "vitest";
import { sentence } from "@/lib/words/sentence";
import { makeImage, makeJob, makeState } from "./examples";
import { outcome, progressOf, statusWords } from "./job-words";

describe("statusWords", () => {
  it("names the place in the queue and the forecast", () => {
    const job = (queue_position: number) =>
      makeJob({ state: makeState({ status: "queued", queue_position, estimated_time: 40 }) });
    expect(statusWords(job(3))).toBe("Number 3 in the queue · about 40 s");
    expect(statusWords(job(1))).toBe("Next in the queue · about 40 s");
    expect(statusWords(job(0))).toBe("Starting · about 40 s");
  });

  it("counts finished pictures", () => {
    expect(statusWords(makeJob())).toBe("Making 4 pictures · about 12 s left");
    expect(statusWords(makeJob({ outputs: [makeImage(0), makeImage(2)] }))).toBe("2 of 4 done · about 12 s left");
    expect(statusWords(makeJob({ state: makeState({ images_total: 1, estimated_time: 0 }) }))).toBe(
      "Making 1 picture · almost there",
    );
  });

  it("names no time while the server does not answer", () => {
    expect(statusWords(makeJob({ connection: "lost" }))).toBe("Reconnecting…");
    expect(statusWords(makeJob({ state: null }))).toBe("Waiting for the server…");
  });
});

describe("outcome", () => {
  const ended = (status: "completed" | "failed" | "cancelled", made: number) =>
    outcome(makeJob({ state: makeState({ status }), outputs: Array.from({ length: made }, (_, at) => makeImage(at)) }));

  it("says what is left of a job that did not complete", () => {
    expect(ended("cancelled", 0)).toBe("Cancelled before a picture was finished.");
    expect(ended("cancelled", 2)).toBe("Cancelled. 2 of 4 were finished before.");
    expect(ended("failed", 0)).toBe("These pictures could not be made.");
    expect(ended("failed", 3)).toBe("3 of 4 could be made.");
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
