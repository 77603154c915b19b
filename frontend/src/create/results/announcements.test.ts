import { describe, expect, it } from "vitest";
import { announcements } from "./announcements";
import { makeJob, makeOutput, makeState, NOW_MS } from "@/domain/made.test-data";

describe("announcements", () => {
  it("tells the start, each picture once, and the end", () => {
    const asked = makeJob({ state: null });
    const one = makeJob({ outputs: [makeOutput(1)] });
    const all = makeJob({
      outputs: [0, 1, 2, 3].map((index) => makeOutput(index)),
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
    expect(announcements([all], [{ ...all, metadata: {} }], NOW_MS)).toEqual([]);
  });

  it("is silent about jobs of an earlier visit as they are brought back", () => {
    const old = makeJob({ askedAt_ms: NOW_MS - 60_000, state: makeState({ status: "completed" }) });
    expect(announcements([], [old], NOW_MS)).toEqual([]);
  });

  it("tells why a job ended early", () => {
    const failed = makeJob({
      state: makeState({ status: "failed", error: { code: "internal", detail: "out of memory" } }),
    });
    expect(announcements([makeJob()], [failed], NOW_MS)).toEqual(["These pictures could not be made. Out of memory."]);
    const cancelled = makeJob({ state: makeState({ status: "cancelled" }) });
    expect(announcements([makeJob()], [cancelled], NOW_MS)).toEqual(["Cancelled before a picture was finished."]);
  });
});
