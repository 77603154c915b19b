// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forget, onOtherTabs, type RecentJob, recentJobs, remember } from "./recent";

const KEY = "lora-studio:jobs";
const recent = (id: string): RecentJob => ({ id, askedAt_ms: 5, request: { prompt: "fox" }, width: 64, height: 48 });
const ids = () => recentJobs().map((job) => job.id);

beforeEach(() => localStorage.clear());
afterEach(() => vi.restoreAllMocks());

describe("recent jobs", () => {
  it("come back newest first, each once, at most 60", () => {
    for (let at = 0; at < 70; at += 1) remember(recent(`job-${at}`));
    remember(recent("job-65"));
    expect(ids().slice(0, 3)).toEqual(["job-65", "job-69", "job-68"]);
    expect(ids()).toHaveLength(60);
    expect(recentJobs()[0]).toEqual(recent("job-65"));
  });

  it("keep of a job only what is needed to bring it back", () => {
    remember(Object.assign(recent("a"), { previews: { 0: "data:large" } }));
    expect(recentJobs()).toEqual([recent("a")]);
  });

  it("can be forgotten", () => {
    for (const id of ["a", "b", "c"]) remember(recent(id));
    forget(new Set(["b", "unknown"]));
    expect(ids()).toEqual(["c", "a"]);
  });

  it("do not lose what another tab has written meanwhile", () => {
    remember(recent("mine"));
    localStorage.setItem(KEY, JSON.stringify([recent("theirs"), recent("mine")]));
    remember(recent("mine-2"));
    expect(ids()).toEqual(["mine-2", "theirs", "mine"]);
  });
});

describe("storage that is broken", () => {
  it.each(["{", "null", "7", '{"id":"a"}', "[null, 7, {}]", '[{"id":"a","request":{"prompt":"fox"}}]'])(
    "remembers nothing of %s",
    (stored) => {
      localStorage.setItem(KEY, stored);
      expect(recentJobs()).toEqual([]);
      remember(recent("a"));
      expect(ids()).toEqual(["a"]);
    },
  );

  it("keeps the newest jobs where there is little room", () => {
    const setItem = Storage.prototype.setItem;
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(function (this: Storage, key, value) {
      if (value.length > 400) throw new DOMException("full", "QuotaExceededError");
      setItem.call(this, key, value);
    });
    for (let at = 0; at < 20; at += 1) remember(recent(`job-${at}`));
    expect(ids()[0]).toBe("job-19");
    expect(ids().length).toBeGreaterThan(1);
  });

  it("is lived without", () => {
    const refuse = () => {
      throw new DOMException("denied", "SecurityError");
    };
    vi.spyOn(Storage.prototype, "getItem").mockImplementation(refuse);
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(refuse);
    remember(recent("a"));
    forget(new Set(["a"]));
    expect(recentJobs()).toEqual([]);
  });
});

describe("other tabs", () => {
  it("are heard when they change the list, and only then", () => {
    const heard: string[][] = [];
    onOtherTabs((jobs) => heard.push(jobs.map((job) => job.id)));
    const change = (key: string, newValue: string | null) =>
      window.dispatchEvent(new StorageEvent("storage", { key, newValue }));
    change(KEY, JSON.stringify([recent("a")]));
    change("theme", "dark");
    change(KEY, "{");
    change(KEY, null);
    expect(heard).toEqual([["a"], [], []]);
  });
});
