import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { useNotices } from "@/components/notify";
import { UNDO_MS, useDeletions } from "./deletions";

const post = vi.spyOn(api, "POST");
const { remove, undo, hold, release, send } = useDeletions.getState();
const hidden = () => [...useDeletions.getState().hidden];
const asked = () =>
  (post.mock.calls as unknown as [string, { body: { ids: string[] } }][]).map(([, { body }]) => body.ids);

function answers(status: number, body: object) {
  const response = new Response(null, { status });
  post.mockResolvedValue((status < 400 ? { data: body, response } : { error: body, response }) as never);
}

beforeEach(() => {
  vi.useFakeTimers();
  useDeletions.setState({ hidden: new Set(), pending: [] });
  answers(200, { deleted: [], missing: [], kept: [] });
});

afterEach(() => {
  vi.useRealTimers();
  post.mockReset();
});

it("tells the server when the time to undo has passed", () => {
  remove(["a", "b"]);
  expect(hidden()).toEqual(["a", "b"]);
  vi.advanceTimersByTime(UNDO_MS - 1);
  expect(asked()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(asked()).toEqual([["a", "b"]]);
  expect(hidden()).toEqual(["a", "b"]);
});

it("tells it nothing of what was undone", () => {
  remove(["a"]);
  undo();
  vi.advanceTimersByTime(2 * UNDO_MS);
  expect(asked()).toEqual([]);
  expect(hidden()).toEqual([]);
});

it("tells it at once of what was deleted before the last, and when the page is left", () => {
  remove(["a"]);
  remove(["b"]);
  expect(asked()).toEqual([["a"]]);
  send();
  send();
  expect(asked()).toEqual([["a"], ["b"]]);
});

it("waits while somebody is about to undo", () => {
  remove(["a"]);
  hold();
  vi.advanceTimersByTime(2 * UNDO_MS);
  expect(asked()).toEqual([]);
  release();
  vi.advanceTimersByTime(UNDO_MS);
  expect(asked()).toEqual([["a"]]);
});

it("shows again what the server has kept, and says so", async () => {
  answers(200, { deleted: ["a"], missing: [], kept: ["b"] });
  remove(["a", "b"]);
  send();
  await vi.advanceTimersByTimeAsync(0);
  expect(hidden()).toEqual(["a"]);
  expect(useNotices.getState().last?.text).toContain("1 picture of jobs that are still being made");
});

it("shows everything again where the server refuses", async () => {
  answers(503, { detail: "the database does not answer" });
  remove(["a", "b"]);
  send();
  await vi.advanceTimersByTimeAsync(0);
  expect(hidden()).toEqual([]);
  expect(useNotices.getState().last?.text).toBe("2 pictures could not be deleted. the database does not answer");
});

it("deletes more than one call takes by several", () => {
  remove(Array.from({ length: 1001 }, (_, n) => `p${n}`));
  send();
  expect(asked().map((ids) => ids.length)).toEqual([500, 500, 1]);
});
