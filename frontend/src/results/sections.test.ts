import { describe, expect, it } from "vitest";
import { makeJob, makeOutput, makeState } from "./made.test-data";
import { isAnyLost, splitJobs } from "./sections";

const done = (id: string) => makeJob({ id, state: makeState({ status: "completed" }), outputs: [makeOutput(0)] });
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

  it("does not let a failure without pictures vanish", () => {
    const failed = (id: string, outputs: ReturnType<typeof makeOutput>[]) =>
      makeJob({ id, state: makeState({ status: "failed" }), outputs });
    const { sections, earlier } = splitJobs([done("c"), failed("b", []), failed("a", [makeOutput(0)])]);
    expect(ids(sections)).toBe("c b");
    expect(ids(earlier)).toBe("a");
  });
});

it("a lost connection matters only while the job can change", () => {
  expect(isAnyLost([makeJob({ connection: "lost" })])).toBe(true);
  expect(isAnyLost([{ ...done("a"), connection: "lost" }, makeJob({ connection: "polling" })])).toBe(false);
});
