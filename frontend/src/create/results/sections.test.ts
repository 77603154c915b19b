import { describe, expect, it } from "vitest";
import { makeImage, makeJob, makeState } from "@/domain/examples";
import { splitJobs } from "./sections";

const done = (id: string) => makeJob({ id, state: makeState({ status: "completed" }), outputs: [makeImage(0)] });
const ids = (jobs: readonly { id: string }[]) => jobs.map((job) => job.id).join(" ");

describe("splitJobs", () => {
  it("keeps the newest and everything unfinished apart from the wall, in order", () => {
    const { sections, earlier } = splitJobs([
      done("e"),
      makeJob({ id: "d" }),
      done("c"),
      makeJob({ id: "b", state: null }),
      done("a"),
    ]);
    expect(ids(sections)).toBe("e d b");
    expect(ids(earlier)).toBe("c a");
  });

  it("does not let a failure without pictures vanish before it is tried again", () => {
    const failed = (id: string, prompt: string, outputs: ReturnType<typeof makeImage>[]) =>
      makeJob({ id, state: makeState({ status: "failed" }), outputs, request: { prompt } });
    const jobs = [done("d"), failed("c", "x", []), failed("b", "y", [makeImage(0)])];
    expect(ids(splitJobs(jobs).sections)).toBe("d c");
    expect(ids(splitJobs(jobs).earlier)).toBe("b");
    const again = splitJobs([makeJob({ id: "e", request: { prompt: "x" } }), ...jobs]);
    expect(ids(again.sections)).toBe("e");
  });
});
