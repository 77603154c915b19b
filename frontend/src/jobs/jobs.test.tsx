// @vitest-environment jsdom
/** The history's cache, its events and the visitor's changes, over real HTTP. */
import type { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { anEnding, anImage, anItem, anOutput } from "@/domain/examples";
import type { Job } from "@/domain/job";
import { ApiServer, jobId } from "./api-server.test-data";

const api = new ApiServer();

/** Streams whose events the test sends, by job id. */
const streams = new Map<string, Stream>();

class Stream extends EventTarget {
  onopen: (() => void) | null = null;
  isClosed = false;
  constructor(url: string) {
    super();
    streams.set(url.split("/").at(-2) ?? "", this);
  }
  close(): void {
    this.isClosed = true;
  }
  send(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

/** Everything that the hooks give, as the latest render has it. */
interface Page {
  jobs: readonly Job[];
  generate: (prompt: string) => Promise<unknown>;
  cancel: (id: string) => Promise<unknown>;
  again: (job: Job, seed: "same" | "new") => Promise<unknown>;
  setFavorite: (change: { id: string; isFavorite: boolean }) => void;
  remove: (ids: readonly string[]) => void;
}

let page: Page;
let queries: QueryClient;
let root: Root;
let modules: Awaited<ReturnType<typeof load>>;

async function load() {
  const [query, history, cache, requests, favorites, deletions, notes] = await Promise.all([
    import("@tanstack/react-query"),
    import("./history/use-history"),
    import("./history/history-cache"),
    import("./requests"),
    import("./favorites"),
    import("./deletions"),
    import("./history/list-notes"),
  ]);
  return { ...query, ...history, ...cache, ...requests, ...favorites, ...deletions, ...notes };
}

/** Opens a window of the page. */
async function open(): Promise<void> {
  vi.resetModules();
  modules = await load();
  const {
    QueryClient: Client,
    useHistory,
    useGenerate,
    useCancel,
    useAgain,
    useFavorite,
    useDelete,
    EVERYTHING,
  } = modules;
  queries = new Client({ defaultOptions: { queries: { retry: false } } });
  queries.setQueryData(["options"], { native_width: 64, native_height: 48 });
  function Window() {
    const { jobs } = useHistory(EVERYTHING);
    const [generate, cancel, again] = [useGenerate(), useCancel(), useAgain()];
    const [setFavorite, remove] = [useFavorite(), useDelete()];
    page = {
      jobs,
      generate: (prompt) => generate.mutateAsync({ request: { prompt }, isOfForm: true }),
      cancel: cancel.mutateAsync,
      again: (job, seed) => again.mutateAsync({ job, seed }),
      setFavorite,
      remove,
    };
    return null;
  }
  const Provider = modules.QueryClientProvider as typeof QueryClientProvider;
  root = createRoot(document.createElement("div"));
  await act(async () =>
    root.render(
      <Provider client={queries}>
        <Window />
      </Provider>,
    ),
  );
}

const ids = () => page.jobs.map(({ id }) => id);

/** Lets React render between looks: within `act` it would wait for its end. */
const until = (check: () => void) =>
  vi.waitFor(async () => {
    await act(() => new Promise((resolve) => setTimeout(resolve, 5)));
    check();
  }, 4_000);
const job = (id: string) => page.jobs.find((each) => each.id === id) ?? expect.fail(`${id} is not listed`);
const listed = (...numbers: number[]) =>
  numbers.map((at) => anItem(jobId(at), at, { images: [anImage(0, { id: `${jobId(at)}-1` })] }));

beforeAll(async () => {
  vi.stubEnv("NEXT_PUBLIC_API_URL", await api.start());
  vi.stubGlobal("EventSource", Stream);
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
});

afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  api.stop();
});

beforeEach(() => {
  localStorage.clear();
  api.reset();
  streams.clear();
});

afterEach(() => {
  act(() => root.unmount());
  queries.clear();
  vi.restoreAllMocks();
});

describe("asking for a job", () => {
  it("puts it first, with the server's warnings, and follows it", async () => {
    api.listed = listed(1);
    await open();
    await until(() => expect(ids()).toEqual([jobId(1)]));
    await act(() => page.generate("fox"));
    await until(() => expect(ids()).toEqual([jobId(900), jobId(1)]));
    expect(job(jobId(900))).toMatchObject({ request: { prompt: "fox" }, width: 64, height: 48, warnings: ["warned"] });
    await until(() => expect(streams.has(jobId(900))).toBe(true));
    streams.get(jobId(900))?.send("image", anOutput(0, jobId(900)));
    await until(() => expect(job(jobId(900)).outputs).toHaveLength(1));
  });

  it("does not lose it where the history is loaded at the same time", async () => {
    api.listed = listed(1);
    await open();
    await act(() => page.generate("fox"));
    await until(() => expect(ids()).toEqual([jobId(900), jobId(1)]));
  });

  it("fails with the server's own words where it refuses, and lists nothing", async () => {
    await open();
    await until(() => expect(api.calls).toContain("GET /api/history?limit=24"));
    api.refusal = { status: 400, type: "invalid-request", detail: "num_images: 99 cannot be used" };
    await expect(act(() => page.generate("fox"))).rejects.toMatchObject({
      name: "Refused",
      kind: "invalid-request",
      message: api.refusal.detail,
    });
    expect(ids()).toEqual([]);
  });

  it("sends it once more with the same key where the response is lost, each time with a key of its own", async () => {
    await open();
    await until(() => expect(api.calls).toContain("GET /api/history?limit=24"));
    api.numLost = 1;
    await act(() => page.generate("fox"));
    await act(() => page.generate("fox"));
    const [first, again, next] = api.keys.filter((_, at) => api.calls[at]?.startsWith("POST"));
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(again).toBe(first);
    expect(next).not.toBe(first);
    await until(() => expect(ids()).toHaveLength(2));
    api.numLost = 2;
    await expect(act(() => page.generate("fox"))).rejects.toMatchObject({
      name: "Unreachable",
      mayHaveAccepted: false,
    });
  });

  it("gives up where nothing comes back for long, and says that it may have been accepted", async () => {
    await open();
    await until(() => expect(api.calls).toContain("GET /api/history?limit=24"));
    api.isSilent = true;
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const limit = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => timeout(200));
    await expect(act(() => page.generate("fox"))).rejects.toMatchObject({ name: "Unreachable", mayHaveAccepted: true });
    expect(limit).toHaveBeenCalledWith(30_000);
    expect(api.calls).toContain("POST /api/generate");
  });

  it("once more keeps the size, and the seed only for the same pictures", async () => {
    api.listed = listed(1);
    await open();
    await until(() => expect(ids()).toHaveLength(1));
    const before = job(jobId(1));
    await act(() => page.again(before, "new"));
    await until(() => expect(ids()).toHaveLength(2));
    expect(job(jobId(900))).toMatchObject({ width: before.width, request: { prompt: `fox ${jobId(1)}` } });
    expect(job(jobId(900)).request.seed).toBeUndefined();
    await act(() => page.again(before, "same"));
    await until(() => expect(ids()).toHaveLength(3));
    expect(job(jobId(901)).request.seed).toBe(7);
    expect(api.bodies).toContainEqual({ seed: "new" });
  });
});

describe("events", () => {
  it("reach jobs that the history lists as unfinished, until their end", async () => {
    api.listed = [anItem(jobId(2), 2, { status: "processing", images: [] }), ...listed(1)];
    await open();
    await until(() => expect(streams.has(jobId(2))).toBe(true));
    expect(streams.has(jobId(1))).toBe(false);
    streams.get(jobId(2))?.send("preview", { index: 0, image: "data:0" });
    await until(() => expect(job(jobId(2)).previews).toEqual({ 0: "data:0" }));
    api.jobs.set(jobId(2), "completed");
    streams.get(jobId(2))?.send("completed", anEnding({ job_id: jobId(2) }));
    await until(() => expect(job(jobId(2)).state?.status).toBe("completed"));
    await until(() => expect(api.calls).toContain(`GET /api/result/${jobId(2)}`));
    expect(streams.get(jobId(2))?.isClosed).toBe(true);
  });

  it("show a cancelled job immediately", async () => {
    await open();
    await act(() => page.generate("fox"));
    await act(() => page.cancel(jobId(900)));
    await until(() => expect(job(jobId(900)).state?.status).toBe("cancelled"));
    await expect(act(() => page.cancel(jobId(1)))).rejects.toMatchObject({ name: "Refused", status: 404 });
  });
});

describe("favorites", () => {
  const isFavorite = () => job(jobId(1)).outputs[0]?.favorite;

  it("show immediately and stay", async () => {
    api.listed = listed(1);
    await open();
    await until(() => expect(ids()).toHaveLength(1));
    act(() => page.setFavorite({ id: `${jobId(1)}-1`, isFavorite: true }));
    await until(() => expect(isFavorite()).toBe(true));
    await until(() => expect(api.calls).toContain(`PUT /api/images/${jobId(1)}-1/favorite`));
    expect(isFavorite()).toBe(true);
  });

  it("are taken back where the server refuses", async () => {
    api.listed = listed(1);
    await open();
    await until(() => expect(ids()).toHaveLength(1));
    api.refusal = { status: 403, type: "not-yours", detail: "no" };
    act(() => page.setFavorite({ id: `${jobId(1)}-1`, isFavorite: true }));
    await until(() => expect(api.calls).toContain(`PUT /api/images/${jobId(1)}-1/favorite`));
    await until(() => expect(isFavorite()).toBe(false));
  });

  it("come from other windows", async () => {
    api.listed = listed(1);
    await open();
    await until(() => expect(ids()).toHaveLength(1));
    const other = new BroadcastChannel("lora-studio:history");
    other.postMessage({ kind: "favorite", id: `${jobId(1)}-1`, isFavorite: true });
    await until(() => expect(isFavorite()).toBe(true));
    api.listed = listed(2, 1);
    other.postMessage({ kind: "job" });
    await until(() => expect(ids()).toEqual([jobId(2), jobId(1)]));
    const deleted = { kind: "deleted", ids: [`${jobId(1)}-1`] };
    other.postMessage({ ...deleted, isDeleted: true });
    await until(() => expect(ids()).toEqual([jobId(2)]));
    other.postMessage({ ...deleted, isDeleted: false });
    await until(() => expect(ids()).toEqual([jobId(2), jobId(1)]));
    other.close();
  });
});

describe("jobs that the history does not list", () => {
  const note = (at: number) => modules.noteAccepted({ id: jobId(at), askedAt_ms: 1000 * at });

  it("are looked up by their ids: a failure is not lost by a reload", async () => {
    await open();
    for (const at of [1, 2, 3]) note(at);
    api.jobs.set(jobId(2), "failed");
    api.jobs.set(jobId(3), "cancelled");
    act(() => root.unmount());
    await open();
    await until(() => expect(ids()).toEqual([jobId(3), jobId(2)]));
    expect(job(jobId(2)).outputs).toHaveLength(1);
    expect(Object.keys(modules.readNotes().unlisted)).not.toContain(jobId(1)); // gone
  });

  it("are on a later page where this browser has a history and they have pictures", async () => {
    await open();
    for (const at of [1, 9]) note(at);
    api.listed = listed(9);
    api.jobs.set(jobId(1), "completed");
    act(() => root.unmount());
    await open();
    await until(() => expect(modules.readNotes().unlisted).toEqual({}));
    expect(ids()).toEqual([jobId(9)]);
  });

  it("wait for a server that does not answer", async () => {
    await open();
    await until(() => expect(api.calls).toContain("GET /api/history?limit=24"));
    note(1);
    act(() => root.unmount());
    api.refusal = { status: 502, type: "", detail: "Bad gateway" };
    await open();
    await until(() => expect(api.calls.filter((call) => call.includes("history"))).toHaveLength(2));
    expect(Object.keys(modules.readNotes().unlisted)).toEqual([jobId(1)]);
  });
});
