/** The jobs this browser asked for, kept in its localStorage for the next visit and for other tabs. Newest first. */
import type { GenerateRequest } from "@/api/types";

export interface RecentJob {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly askedAt_ms: number;
  readonly request: GenerateRequest;
  /** Pixels of each picture. */
  readonly width: number;
  readonly height: number;
}

const KEY = "lora-studio:jobs";
const MAX_JOBS = 60;

/** Empty where nothing readable is stored or the browser allows no storage. */
export function recentJobs(): RecentJob[] {
  try {
    return parse(localStorage.getItem(KEY));
  } catch {
    return []; // storage is forbidden: the page works, it only remembers nothing
  }
}

export function remember(job: RecentJob): void {
  const { id, askedAt_ms, request, width, height } = job;
  const others = recentJobs().filter((other) => other.id !== id);
  write([{ id, askedAt_ms, request, width, height }, ...others]);
}

export function forget(ids: ReadonlySet<string>): void {
  const jobs = recentJobs();
  const kept = jobs.filter((job) => !ids.has(job.id));
  if (kept.length < jobs.length) write(kept);
}

/** Whoever comes next to this browser shall not read what was asked for. */
export function forgetAll(): void {
  write([]);
}

/** Tells everything that is remembered whenever another tab has changed it. */
export function onOtherTabs(tell: (jobs: RecentJob[]) => void): void {
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) tell(parse(event.newValue));
  });
}

function write(jobs: readonly RecentJob[]): void {
  for (let num = Math.min(jobs.length, MAX_JOBS); ; num = Math.floor(num / 2)) {
    try {
      localStorage.setItem(KEY, JSON.stringify(jobs.slice(0, num)));
      return;
    } catch {
      if (num === 0) return; // full, or storage is forbidden; fewer jobs may fit until then
    }
  }
}

function parse(stored: string | null): RecentJob[] {
  try {
    const jobs: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(jobs) ? jobs.filter(isRecentJob).slice(0, MAX_JOBS) : [];
  } catch {
    return [];
  }
}

function isRecentJob(value: unknown): value is RecentJob {
  const job = value as Partial<RecentJob> | null;
  return (
    typeof job?.id === "string" &&
    typeof job.request?.prompt === "string" &&
    [job.askedAt_ms, job.width, job.height].every((number) => typeof number === "number")
  );
}
