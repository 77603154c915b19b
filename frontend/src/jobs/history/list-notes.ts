/** Notes of this browser about the create page's list: ids and times, no prompts. The list itself is the history.
 *
 * The page fetches a job by its id if this browser has requested it and the history does not list it: a job that failed
 * before a picture was finished, and every job if the browser's cookie does not reach the server (a page on another host). */
import { useMemo, useSyncExternalStore } from "react";
import { isEnded, type Job } from "@/domain/job";

export interface ListNotes {
  /** Jobs of this browser that the history has not listed as ended yet: id → when, in milliseconds since the epoch. */
  readonly unlisted: Readonly<Record<string, number>>;
  /** The visitor has cleared the list of all jobs up to this time, except the ones in `running`. */
  readonly clearedUntil_ms: number;
  readonly running: readonly string[];
  /** Jobs that were removed one by one. */
  readonly removed: readonly string[];
}

const KEY = "lora-studio:list";
/** The list of whole jobs that earlier versions kept. */
const OLD_KEY = "lora-studio:jobs";
const MAX_UNLISTED = 60;
const MAX_REMOVED = 500;
const NO_NOTES: ListNotes = { unlisted: {}, clearedUntil_ms: 0, running: [], removed: [] };

const listeners = new Set<() => void>();

/** Empty if nothing readable is stored or the browser allows no storage. */
export function readNotes(): ListNotes {
  return parse(stored(KEY));
}

export function useNotes(): ListNotes {
  const text = useSyncExternalStore(
    subscribe,
    () => stored(KEY),
    () => null,
  );
  return useMemo(() => parse(text), [text]);
}

export function noteAccepted({ id, askedAt_ms }: Pick<Job, "id" | "askedAt_ms">): void {
  const notes = readNotes();
  const newest = Object.entries({ ...notes.unlisted, [id]: askedAt_ms }).sort(([, a], [, b]) => b - a);
  write({ ...notes, unlisted: Object.fromEntries(newest.slice(0, MAX_UNLISTED)) });
}

export function forgetUnlisted(ids: Iterable<string>): void {
  const notes = readNotes();
  const gone = new Set(ids);
  const unlisted = Object.fromEntries(Object.entries(notes.unlisted).filter(([id]) => !gone.has(id)));
  if (Object.keys(unlisted).length < Object.keys(notes.unlisted).length) write({ ...notes, unlisted });
}

/** Removes one job from the list. */
export function noteRemoved(id: string): void {
  forgetUnlisted([id]);
  const notes = readNotes();
  write({ ...notes, removed: [id, ...notes.removed].slice(0, MAX_REMOVED) });
}

/** Removes all ended jobs from the list. `jobs`: all loaded jobs of the history, including jobs removed before. */
export function noteCleared(jobs: readonly Job[]): void {
  forgetUnlisted(jobs.filter(isEnded).map(({ id }) => id));
  const running = jobs.filter((job) => !isEnded(job)).map(({ id }) => id);
  const clearedUntil_ms = Math.max(...jobs.map(({ askedAt_ms }) => askedAt_ms));
  write({ ...readNotes(), clearedUntil_ms, running, removed: [] });
}

/** Deletes the notes, for the next user of this browser. */
export function forgetNotes(): void {
  write(NO_NOTES);
}

export function isOnList(job: Job, notes: ListNotes): boolean {
  if (notes.removed.includes(job.id)) return false;
  return job.askedAt_ms > notes.clearedUntil_ms || notes.running.includes(job.id);
}

function subscribe(onChange: () => void): () => void {
  listeners.add(onChange);
  window.addEventListener("storage", onChange);
  return () => {
    listeners.delete(onChange);
    window.removeEventListener("storage", onChange);
  };
}

function write(notes: ListNotes): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(notes));
  } catch {
    return; // full, or storage is forbidden: the page works without
  }
  for (const listener of listeners) listener();
}

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key) ?? takeOver();
  } catch {
    return null;
  }
}

/** Reads the list of an earlier version, once: it held prompts, which the history has. */
function takeOver(): string | null {
  const old = localStorage.getItem(OLD_KEY);
  if (old === null) return null;
  localStorage.removeItem(OLD_KEY);
  const unlisted = Object.fromEntries(
    (JSON.parse(old) as { id: string; askedAt_ms: number }[]).map(({ id, askedAt_ms }) => [id, askedAt_ms]),
  );
  const notes = JSON.stringify({ ...NO_NOTES, unlisted });
  localStorage.setItem(KEY, notes);
  return notes;
}

function parse(text: string | null): ListNotes {
  try {
    return { ...NO_NOTES, ...JSON.parse(text ?? "{}") };
  } catch {
    return NO_NOTES;
  }
}
