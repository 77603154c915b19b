// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refused, Unreachable } from "@/api/client";
import { anEnding, anOutput, aResult, aState, JOB_ID } from "@/domain/examples";
import type { JobEvent } from "@/domain/job";
import type { FetchedJob } from "./fetch-job";
import { followJob } from "./follow";
import { MAX_STREAMS } from "./stream-slots";

/** A stream whose events the test sends. */
class HandDriven extends EventTarget {
  static all: HandDriven[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  isClosed = false;

  constructor(readonly url: string) {
    super();
    HandDriven.all.push(this);
  }

  static get latest(): HandDriven {
    return HandDriven.all.at(-1) ?? expect.fail("no stream was opened");
  }

  static get open(): HandDriven[] {
    return HandDriven.all.filter((stream) => !stream.isClosed);
  }

  close(): void {
    this.isClosed = true;
  }

  send(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

const making = (): FetchedJob => ({ kind: "result", state: aState({}), result: aResult([]) });
const done = (): FetchedJob => ({
  kind: "result",
  state: aState({ status: "completed", images_completed: 2 }),
  result: aResult([0, 1], "completed"),
});
const down = (): FetchedJob => {
  throw new Unreachable();
};

let reply: () => FetchedJob;
let numFetches: number;
let events: JobEvent[];
let stops: (() => void)[];

/** Until its stream is open, if it gets one. */
async function follow(id = JOB_ID): Promise<() => void> {
  const fetch = async () => {
    numFetches += 1;
    return reply();
  };
  const stop = followJob(id, (item) => events.push(item), fetch);
  stops.push(stop);
  await pass(0);
  return stop;
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const connections = () => events.flatMap((item) => (item.kind === "connection" ? [item.connection] : []));

function turnPage(visibility: DocumentVisibilityState): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visibility);
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", HandDriven);
  vi.spyOn(Math, "random").mockReturnValue(0.5); // jitter of none
  HandDriven.all = [];
  reply = making;
  numFetches = 0;
  events = [];
  stops = [];
});

afterEach(async () => {
  for (const stop of stops) stop();
  await pass(0);
  expect(vi.getTimerCount()).toBe(0);
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a stream that stays open", () => {
  it("reports every event in order, then the result once", async () => {
    await follow();
    const stream = HandDriven.latest;
    expect(stream.url).toBe(`/api/jobs/${JOB_ID}/events`);
    stream.onopen?.();
    stream.send("progress", aState({}));
    stream.send("preview", { index: 0, image: "data:0" });
    stream.send("image", anOutput(0));
    reply = done;
    stream.send("completed", anEnding({}));
    await pass(60_000);
    expect(events).toEqual([
      { kind: "connection", connection: "live" },
      { kind: "progress", state: aState({}) },
      { kind: "preview", index: 0, image: "data:0" },
      { kind: "image", output: anOutput(0) },
      { kind: "ended", ending: anEnding({}) },
      done(),
    ]);
    expect([numFetches, HandDriven.all.length, stream.isClosed]).toEqual([1, 1, true]);
  });

  it("fetches the result again where the server goes down right at the end", async () => {
    await follow();
    HandDriven.latest.onopen?.();
    reply = down;
    HandDriven.latest.send("completed", anEnding({}));
    await pass(4_000);
    reply = done;
    await pass(4_000);
    expect(events.at(-1)).toEqual(done());
    expect(connections()).toEqual(["live", "lost", "polling"]);
    expect(HandDriven.all).toHaveLength(1);
  });

  it("is opened again, without a report, after a long silence", async () => {
    await follow();
    HandDriven.latest.onopen?.();
    await pass(44_000);
    HandDriven.latest.send("progress", aState({}));
    await pass(44_000);
    expect(HandDriven.all).toHaveLength(1);
    await pass(1_000);
    expect(HandDriven.all).toHaveLength(2);
    HandDriven.latest.onopen?.();
    expect(connections()).toEqual(["live"]);
  });
});

describe("a server that is killed and comes back", () => {
  it.each([1_000, 20_000, 300_000])("is followed again within seconds, after %i ms", async (gone_ms) => {
    await follow();
    HandDriven.latest.onopen?.();
    await pass(6_000);
    reply = down;
    HandDriven.latest.onerror?.();
    await pass(gone_ms);
    expect(connections()).toEqual(["live", "lost"]);
    expect(HandDriven.all).toHaveLength(1);
    reply = making;
    await pass(3_000);
    expect(HandDriven.open).toHaveLength(1);
    HandDriven.latest.onopen?.();
    expect(connections()).toEqual(["live", "lost", "polling", "live"]);
  });

  it.each([new Refused(502, "", "Bad gateway"), new Refused(404, "", "Not here")])(
    "counts as lost while a proxy answers %s in its place",
    async (refused) => {
      reply = () => {
        throw refused;
      };
      await follow();
      HandDriven.latest.onerror?.();
      await pass(10_000);
      expect(connections()).toEqual(["lost"]);
    },
  );

  it.each(["online", "visibilitychange"])("is fetched immediately on %s", async (event) => {
    reply = down;
    await follow();
    HandDriven.latest.onerror?.();
    await pass(20_000);
    reply = done;
    const before = numFetches;
    (event === "online" ? window : document).dispatchEvent(new Event(event));
    await pass(0);
    expect(numFetches).toBe(before + 1);
    expect(events.at(-1)).toEqual(done());
  });
});

describe("a stream that cannot be opened", () => {
  it("is tried again and again, ever more rarely, with polling in between", async () => {
    reply = () => ({ kind: "result", state: aState({ status: "queued" }), result: aResult([]) });
    await follow();
    const times_ms: number[] = [];
    const start_ms = Date.now();
    for (let at = 0; at < 9; at += 1) {
      HandDriven.latest.onerror?.();
      await pass(0);
      times_ms.push(Date.now() - start_ms);
      while (HandDriven.open.length === 0) await pass(100);
    }
    const waits_ms = times_ms.slice(1).map((time, at) => time - (times_ms[at] ?? 0));
    expect(waits_ms[0]).toBe(1_500);
    expect(waits_ms).toEqual(waits_ms.toSorted((a, b) => a - b));
    expect(waits_ms.at(-1)).toBe(10_000);
    expect([connections(), numFetches]).toEqual([["polling"], 9]);
  });

  it("leaves the end to polling, which is frequent while pictures are being made", async () => {
    await follow();
    for (let at = 0; at < 8; at += 1) {
      HandDriven.latest.onerror?.();
      await pass(3_000);
    }
    HandDriven.latest.onerror?.();
    reply = done;
    await pass(3_000);
    expect(events.at(-1)).toEqual(done());
  });

  it("is given up where it does not open in time", async () => {
    await follow();
    await pass(9_999);
    expect(numFetches).toBe(0);
    await pass(1);
    expect([numFetches, HandDriven.open.length, connections()]).toEqual([1, 0, ["polling"]]);
  });
});

describe("a job the server does not know", () => {
  it("is reported as gone, once", async () => {
    reply = () => ({ kind: "gone" });
    await follow();
    HandDriven.latest.onerror?.();
    await pass(60_000);
    expect(events).toEqual([{ kind: "gone" }]);
    expect([numFetches, HandDriven.all.length]).toEqual([1, 1]);
  });
});

describe("several jobs", () => {
  it("share a few slots; the next job gets the first that is free", async () => {
    for (let at = 0; at <= MAX_STREAMS; at += 1) await follow(`job-${at}`);
    expect(HandDriven.open.map((stream) => stream.url)).not.toContain(`/api/jobs/job-${MAX_STREAMS}/events`);
    expect(HandDriven.open).toHaveLength(MAX_STREAMS);
    expect(numFetches).toBe(1);
    reply = done;
    HandDriven.all[1]?.send("completed", anEnding({}));
    await pass(0);
    expect(HandDriven.latest.url).toBe(`/api/jobs/job-${MAX_STREAMS}/events`);
    expect(HandDriven.open).toHaveLength(MAX_STREAMS);
  });

  it("do not block each other after they were stopped", async () => {
    for (let at = 0; at < MAX_STREAMS; at += 1) await follow(`job-${at}`);
    const stop = await follow("stopped");
    await follow("next");
    await pass(0);
    stop();
    reply = done;
    HandDriven.all[0]?.send("completed", anEnding({}));
    await pass(0);
    expect(HandDriven.latest.url).toBe("/api/jobs/next/events");
  });
});

describe("a page that is not visible", () => {
  it("leaves the slot to other tabs and polls until it is visible again", async () => {
    await follow();
    HandDriven.latest.onopen?.();
    await pass(1_000);
    turnPage("hidden");
    await pass(20_000);
    expect(HandDriven.open).toHaveLength(0);
    expect(numFetches).toBeGreaterThan(3);
    turnPage("visible");
    await pass(0);
    expect(HandDriven.open).toHaveLength(1);
  });
});

describe("stopping", () => {
  it("closes the stream and reports nothing more", async () => {
    const stop = await follow();
    HandDriven.latest.onopen?.();
    stop();
    HandDriven.latest.send("progress", aState({}));
    await pass(60_000);
    expect(HandDriven.open).toHaveLength(0);
    expect(events).toEqual([{ kind: "connection", connection: "live" }]);
  });

  it("ends polling too", async () => {
    const stop = await follow();
    HandDriven.latest.onerror?.();
    await pass(100);
    stop();
    const before = numFetches;
    await pass(60_000);
    expect(numFetches).toBe(before);
  });
});
