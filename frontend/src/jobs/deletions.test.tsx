// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { anImage, anItem } from "@/domain/examples";
import { useNotices } from "@/lib/notify";
import { UNDO_MS, useDelete, useUndo } from "./deletions";
import { EVERYTHING, historyKey } from "./history/history-cache";
import { type History, jobsOf, pageOf, visibleJobs } from "./history/history-pages";

const post = vi.spyOn(api, "POST");
const { undo, hold, release } = useUndo.getState();
let remove: (ids: readonly string[]) => void;
let queries: QueryClient;
let root: Root;

const history = () => queries.getQueryData<History>(historyKey(EVERYTHING)) ?? expect.fail();
const shown = () => visibleJobs(history()).flatMap(({ outputs }) => outputs.map(({ id }) => id));
const sent = () =>
  (post.mock.calls as unknown as [string, { body: { ids: string[] } }][]).map(([, { body }]) => body.ids);
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

function replies(status: number, body: object) {
  const response = new Response(null, { status });
  post.mockResolvedValue((status < 400 ? { data: body, response } : { error: body, response }) as never);
}

function Page() {
  remove = useDelete();
  return null;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  queries = new QueryClient();
  const images = ["a", "b", "c"].map((id, index) => anImage(index, { id }));
  const page = pageOf({ items: [anItem("job", 1, { images, images_total: 3 })], next_cursor: null });
  queries.setQueryData<History>(historyKey(EVERYTHING), { pages: [page], pageParams: [null] });
  root = createRoot(document.createElement("div"));
  act(() =>
    root.render(
      <QueryClientProvider client={queries}>
        <Page />
      </QueryClientProvider>,
    ),
  );
  replies(200, { deleted: ["a", "b"], missing: [], kept: [] });
});

afterEach(async () => {
  undo();
  await pass(0);
  act(() => root.unmount());
  vi.useRealTimers();
  vi.unstubAllGlobals();
  post.mockReset();
});

it("deletes when the time to undo has passed", async () => {
  remove(["a", "b"]);
  expect(shown()).toEqual(["c"]);
  await pass(UNDO_MS - 1);
  expect(sent()).toEqual([]);
  expect(useUndo.getState().pending?.count).toBe(2);
  await pass(1);
  expect(sent()).toEqual([["a", "b"]]);
  expect(jobsOf(history())[0]?.outputs.map(({ id }) => id)).toEqual(["c"]);
  expect(useUndo.getState().pending).toBeNull();
});

it("sends nothing of what was undone", async () => {
  remove(["a"]);
  undo();
  await pass(2 * UNDO_MS);
  expect(sent()).toEqual([]);
  expect(shown()).toEqual(["a", "b", "c"]);
});

it("sends immediately what was deleted before the last, and when the page is left", async () => {
  remove(["a"]);
  remove(["b"]);
  await pass(0);
  expect(sent()).toEqual([["a"]]);
  window.dispatchEvent(new Event("pagehide"));
  window.dispatchEvent(new Event("pagehide"));
  await pass(0);
  expect(sent()).toEqual([["a"], ["b"]]);
});

it("waits while the visitor is about to undo", async () => {
  remove(["a"]);
  hold();
  await pass(2 * UNDO_MS);
  expect(sent()).toEqual([]);
  release();
  await pass(UNDO_MS);
  expect(sent()).toEqual([["a"]]);
});

it("shows again what the server has kept, with a notice", async () => {
  replies(200, { deleted: ["a"], missing: [], kept: ["b"] });
  remove(["a", "b"]);
  await pass(UNDO_MS);
  expect(shown()).toEqual(["b", "c"]);
  expect(useNotices.getState().last?.text).toContain("1 picture still in progress");
});

it("shows everything again where the server refuses", async () => {
  replies(503, { detail: "the database does not answer" });
  remove(["a", "b"]);
  await pass(UNDO_MS);
  expect(shown()).toEqual(["a", "b", "c"]);
  expect(useNotices.getState().last?.text).toBe("2 pictures could not be deleted. The database does not answer.");
});

it("deletes more than one call takes by several", async () => {
  remove(Array.from({ length: 1001 }, (_, n) => `p${n}`));
  await pass(UNDO_MS);
  expect(sent().map((ids) => ids.length)).toEqual([500, 500, 1]);
});
