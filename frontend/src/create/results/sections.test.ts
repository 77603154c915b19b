import { describe, expect, it } from "vitest";
import { makeImage, makeJob, makeState, NOW_MS } from "@/domain/examples";
import { splitJobs as split } from "./sections";

const splitJobs = (jobs: Parameters<typeof split>[0]) => split(jobs, NOW_MS);

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

  it("drops what an earlier visit cancelled before a picture was finished", () => {
    const cancelled = (id: string, askedAt_ms: number, made: number) =>
      makeJob({
        id,
        askedAt_ms,
        state: makeState({ status: "cancelled" }),
        outputs: Array.from({ length: made }, (_, at) => makeImage(at)),
      });
    const { sections, earlier } = splitJobs([
      cancelled("d", NOW_MS - 1, 0),
      cancelled("c", NOW_MS + 1, 0),
      cancelled("b", NOW_MS - 2, 1),
    ]);
    expect([ids(sections), ids(earlier)]).toEqual(["c", "b"]);
  });
});
