import { describe, expect, it } from "vitest";
import { makeImage, makeJob, makeState, NOW_MS, someMetadata } from "@/domain/examples";
import { announcements } from "./announcements";

describe("announcements", () => {
  it("announces the start, each picture once, and the end", () => {
    const asked = makeJob({ state: null });
    const one = makeJob({ outputs: [makeImage(1)] });
    const all = makeJob({
      outputs: [0, 1, 2, 3].map((index) => makeImage(index)),
      state: makeState({ status: "completed", images_completed: 4 }),
    });
    expect(announcements([], [asked], NOW_MS)).toEqual(["Making 4 pictures."]);
    expect(announcements([asked], [one], NOW_MS)).toEqual(["Picture 2 of 4 is done."]);
    expect(announcements([one], [{ ...one, previews: { 0: "data:," } }], NOW_MS)).toEqual([]);
    expect(announcements([one], [all], NOW_MS)).toEqual([
      "Picture 1 of 4 is done.",
      "Picture 3 of 4 is done.",
      "Picture 4 of 4 is done.",
      "All 4 pictures are ready.",
    ]);
    expect(announcements([all], [{ ...all, metadata: someMetadata() }], NOW_MS)).toEqual([]);
  });

  it("is silent about jobs of an earlier visit, and about those that come already ended", () => {
    const old = makeJob({ askedAt_ms: NOW_MS - 60_000, state: makeState({ status: "completed" }) });
    expect(announcements([], [old], NOW_MS)).toEqual([]);
    const justEnded = makeJob({ state: makeState({ status: "completed" }) });
    expect(announcements([], [justEnded], NOW_MS)).toEqual([]);
  });

  it("says why a job ended early", () => {
    const failed = makeJob({
      state: makeState({ status: "failed", error: { code: "internal", detail: "out of memory" } }),
    });
    expect(announcements([makeJob()], [failed], NOW_MS)).toEqual(["These pictures could not be made. Out of memory."]);
    const cancelled = makeJob({ state: makeState({ status: "cancelled" }) });
    expect(announcements([makeJob()], [cancelled], NOW_MS)).toEqual(["Cancelled."]);
  });
});
