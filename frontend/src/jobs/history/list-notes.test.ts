// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { anEnding, makeJob } from "@/domain/examples";
import { applyEvent, type Job } from "@/domain/job";
import { forgetNotes, forgetUnlisted, isOnList, noteAccepted, noteCleared, noteRemoved, readNotes } from "./list-notes";

const KEY = "lora-studio:list";
const OLD_KEY = "lora-studio:jobs";
const running = (id: string, askedAt_ms: number): Job => makeJob({ id, askedAt_ms });
const ended = (id: string, askedAt_ms: number) =>
  applyEvent(running(id, askedAt_ms), { kind: "ended", ending: anEnding({ images_total: 4 }) });
const shown = (jobs: readonly Job[]) => jobs.filter((job) => isOnList(job, readNotes())).map(({ id }) => id);

beforeEach(() => localStorage.clear());
afterEach(() => vi.restoreAllMocks());

describe("jobs that the history may not list", () => {
  it("are noted by id and time alone, at most 60, the newest", () => {
    for (let at = 1; at <= 70; at += 1) noteAccepted(running(`job-${at}`, at));
    const { unlisted } = readNotes();
    expect(Object.keys(unlisted)).toHaveLength(60);
    expect(unlisted["job-70"]).toBe(70);
    expect(unlisted["job-10"]).toBeUndefined();
    expect(localStorage.getItem(KEY)).not.toContain("jade");
  });

  it("are forgotten when it lists them", () => {
    for (const id of ["a", "b", "c"]) noteAccepted(running(id, 1));
    forgetUnlisted(["b", "unknown"]);
    expect(Object.keys(readNotes().unlisted)).toEqual(["a", "c"]);
  });
});

describe("the list", () => {
  const jobs = [running("new", 50), ended("c", 40), running("slow", 30), ended("a", 10)];

  it("loses one job, for good", () => {
    noteRemoved("c");
    expect(shown(jobs)).toEqual(["new", "slow", "a"]);
  });

  it("is cleared of what has ended; what was running stays when it ends", () => {
    noteCleared(jobs);
    expect(shown([running("newer", 60), ...jobs])).toEqual(["newer", "new", "slow"]);
    expect(shown([ended("new", 50), ended("slow", 30)])).toEqual(["new", "slow"]);
    expect(shown([ended("older, of a page that was not loaded", 1)])).toEqual([]);
  });

  it("does not bring back by clearing what was removed before", () => {
    noteRemoved("new");
    noteCleared([ended("new", 50), ended("c", 40)]);
    expect(shown([ended("new", 50), ended("c", 40)])).toEqual([]);
  });

  it("is whole for the next user of this browser", () => {
    noteAccepted(running("new", 50));
    noteCleared(jobs);
    forgetNotes();
    expect(shown(jobs)).toEqual(["new", "c", "slow", "a"]);
    expect(readNotes().unlisted).toEqual({});
  });
});

describe("storage", () => {
  it.each(["{", "null", "7", "[]", '{"unlisted":{}}'])("that holds %s is no notes", (text) => {
    localStorage.setItem(KEY, text);
    expect(shown([running("a", 1)])).toEqual(["a"]);
    noteAccepted(running("a", 1));
    expect(readNotes().unlisted).toEqual({ a: 1 });
  });

  it("that is forbidden is lived without", () => {
    const refuse = () => {
      throw new DOMException("denied", "SecurityError");
    };
    vi.spyOn(Storage.prototype, "getItem").mockImplementation(refuse);
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(refuse);
    noteRemoved("a");
    expect(shown([running("a", 1)])).toEqual(["a"]);
  });

  it("of an earlier version is taken over without its prompts", () => {
    const old = [{ id: "a", askedAt_ms: 5, request: { prompt: "a secret fox" }, width: 64, height: 48 }];
    localStorage.setItem(OLD_KEY, JSON.stringify(old));
    expect(readNotes().unlisted).toEqual({ a: 5 });
    expect(localStorage.getItem(OLD_KEY)).toBeNull();
    expect(localStorage.getItem(KEY)).not.toContain("fox");
  });

  it("of an earlier version that cannot be read is dropped", () => {
    localStorage.setItem(OLD_KEY, "{");
    expect(readNotes().unlisted).toEqual({});
    expect(localStorage.getItem(OLD_KEY)).toBeNull();
  });
});
