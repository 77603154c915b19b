// @vitest-environment jsdom
/** The store over real HTTP: a server in this process plays the API. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobState } from "@/api/types";
import { aResult, aState } from "@/domain/examples";
import type { JobsStore } from "./store";

const SIZE = { width: 64, height: 48 };
const KEY = "lora-studio:jobs";
const id = (at: number) => at.toString(16).padStart(32, "0");

/** Status by job id. */
let known: Map<string, JobState["status"]>;
let refusal: { status: number; type: string; detail: string } | null;
let calls: string[];
let keys: unknown[];
/** So many answers are lost on the way. */
let numLost: number;
let numAtOnce: number;
let maxAtOnce: number;
let server: Server;
let store: { getState(): JobsStore };

const state = () => store.getState();
const ids = () => state().jobs.map((job) => job.id);
const remembered = (at: number) => ({ id: id(at), askedAt_ms: at, request: { prompt: `fox ${at}` }, ...SIZE });

/** A stream that never says anything. */
class Silent extends EventTarget {
  close(): void {}
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  calls.push(`${request.method} ${request.url}`);
  keys.push(request.headers["idempotency-key"]);
  if (numLost > 0) {
    numLost -= 1;
    request.socket.destroy();
    return;
  }
  numAtOnce += 1;
  maxAtOnce = Math.max(maxAtOnce, numAtOnce);
  setTimeout(() => {
    numAtOnce -= 1;
    const [status, body] = reply(request.method ?? "", request.url ?? "");
    response.writeHead(status, { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" });
    response.end(JSON.stringify(body));
  }, 5);
}

function reply(method: string, url: string): [number, unknown] {
  if (refusal) return [refusal.status, { ...refusal, type: `urn:lora-studio:problem:${refusal.type}` }];
  if (method === "POST") {
    const job_id = id(900 + known.size);
    known.set(job_id, "queued");
    return [202, { job_id, status: "queued", estimated_time: 3, warnings: ["warned"] }];
  }
  const job_id = url.split("/").at(-1) ?? "";
  if (method === "DELETE" && known.has(job_id)) known.set(job_id, "cancelled");
  const status = known.get(job_id);
  if (!status) return [404, { type: "urn:lora-studio:problem:not-found", detail: "no job has the id" }];
  return [200, url.includes("/result/") ? { ...aResult([0], status), job_id } : aState({ job_id, status })];
}

beforeAll(async () => {
  server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("NEXT_PUBLIC_API_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubGlobal("EventSource", Silent);
});

afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  server.close();
});

beforeEach(async () => {
  localStorage.clear();
  known = new Map();
  refusal = null;
  calls = [];
  keys = [];
  numLost = 0;
  numAtOnce = 0;
  maxAtOnce = 0;
  vi.spyOn(window, "addEventListener");
  vi.resetModules();
  store = (await import("./store")).useJobs;
});

afterEach(() => {
  for (const job of state().jobs) state().remove(job.id);
  // The next test has a store of its own: this one must hear nothing more.
  for (const [type, listener] of vi.mocked(window.addEventListener).mock.calls)
    window.removeEventListener(type, listener);
  vi.restoreAllMocks();
});

describe("generate", () => {
  it("puts the job first, follows it and remembers it", async () => {
    await state().generate({ prompt: "fox" }, SIZE);
    const job = await state().generate({ prompt: "red fox" }, SIZE);
    expect(job).toMatchObject({ request: { prompt: "red fox" }, width: 64, height: 48, warnings: ["warned"] });
    expect(ids()).toEqual([job.id, id(900)]);
    expect(JSON.parse(localStorage.getItem(KEY) ?? "")).toMatchObject([{ id: job.id }, { id: id(900) }]);
    expect(calls).toEqual(["POST /api/generate", "POST /api/generate"]);
  });

  it("tells the server's own words where it refuses, and lists nothing", async () => {
    refusal = { status: 400, type: "invalid-request", detail: "num_images: 99 cannot be used" };
    await expect(state().generate({ prompt: "fox", num_images: 99 }, SIZE)).rejects.toMatchObject({
      name: "Refused",
      kind: "invalid-request",
      message: refusal.detail,
    });
    expect(ids()).toEqual([]);
    expect(localStorage.getItem(KEY)).toBeNull();
  });

  it("asks once more with the same key where the answer is lost, each time with a key of its own", async () => {
    numLost = 1;
    const job = await state().generate({ prompt: "fox" }, SIZE);
    await state().generate({ prompt: "fox" }, SIZE);
    expect(calls).toEqual(Array(3).fill("POST /api/generate"));
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
    expect(ids()).toContain(job.id);
    numLost = 2;
    await expect(state().generate({ prompt: "fox" }, SIZE)).rejects.toMatchObject({
      name: "Unreachable",
      mayHaveAccepted: false,
    });
  });

  it("gives up where nothing is answered for long, and says that it may have been accepted", async () => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const asked = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => timeout(1));
    await expect(state().generate({ prompt: "fox" }, SIZE)).rejects.toMatchObject({
      name: "Unreachable",
      mayHaveAccepted: true,
    });
    expect(asked).toHaveBeenCalledWith(30_000);
    expect(ids()).toEqual([]);
  });
});

describe("cancel", () => {
  it("shows at once what the server says", async () => {
    const job = await state().generate({ prompt: "fox" }, SIZE);
    await state().cancel(job.id);
    expect(state().jobs[0]?.state?.status).toBe("cancelled");
  });

  it("throws where the server does not know the job", async () => {
    await expect(state().cancel(id(1))).rejects.toMatchObject({ name: "Refused", status: 404 });
  });
});

describe("removing", () => {
  it("is of this browser only, and lasting", async () => {
    const job = await state().generate({ prompt: "fox" }, SIZE);
    state().remove(job.id);
    expect(ids()).toEqual([]);
    expect(localStorage.getItem(KEY)).toBe("[]");
    expect(known.get(job.id)).toBe("queued");
  });

  it("of what has ended leaves the rest", async () => {
    const ended = await state().generate({ prompt: "fox" }, SIZE);
    const going = await state().generate({ prompt: "fox" }, SIZE);
    await state().cancel(ended.id);
    state().clearEnded();
    expect(ids()).toEqual([going.id]);
  });
});

describe("restore", () => {
  it("brings back known jobs with their pictures, newest first, few at a time, and forgets the others", async () => {
    localStorage.setItem(KEY, JSON.stringify([9, 8, 7, 6, 5, 4, 3, 2, 1].map(remembered)));
    for (const at of [9, 8, 6, 5, 4, 3, 1]) known.set(id(at), at === 8 ? "processing" : "completed");
    state().restore();
    state().restore();
    expect(ids()).toEqual([]);
    await vi.waitFor(() => expect(ids()).toEqual([9, 8, 6, 5, 4, 3, 1].map(id)));
    expect(state().jobs[0]).toMatchObject({ request: { prompt: "fox 9" }, state: { status: "completed" } });
    expect(state().jobs[0]?.outputs).toHaveLength(1);
    expect(maxAtOnce).toBe(3);
    expect(calls.filter((call) => call === `GET /api/status/${id(9)}`)).toHaveLength(1);
    expect(JSON.parse(localStorage.getItem(KEY) ?? "")).toHaveLength(7);
  });

  it("waits for a server that does not answer", async () => {
    localStorage.setItem(KEY, JSON.stringify([remembered(1)]));
    known.set(id(1), "completed");
    refusal = { status: 502, type: "", detail: "Bad gateway" };
    state().restore();
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    refusal = null;
    await vi.waitFor(() => expect(ids()).toEqual([id(1)]), 5_000);
    expect(JSON.parse(localStorage.getItem(KEY) ?? "")).toHaveLength(1);
  });

  it("adds what other tabs ask for", async () => {
    state().restore();
    known.set(id(1), "completed");
    const newValue = JSON.stringify([remembered(1)]);
    window.dispatchEvent(new StorageEvent("storage", { key: KEY, newValue }));
    window.dispatchEvent(new StorageEvent("storage", { key: KEY, newValue }));
    await vi.waitFor(() => expect(ids()).toEqual([id(1)]));
    window.dispatchEvent(new StorageEvent("storage", { key: KEY, newValue }));
    expect(calls).toHaveLength(2);
  });
});
