/** Follows a job: reports its events, over bad networks and restarts of the server too. */
import { API_URL, Refused, Unreachable } from "@/api/client";
import type { Blocked, JobState, Output } from "@/api/types";
import { type Connection, type Ending, hasEnded, type JobEvent } from "@/domain/job";
import { type FetchJob, fetchJob } from "./fetch-job";
import { acquireSlot, type Release, stopWaiting } from "./stream-slots";

const OPEN_WITHIN_MS = 10_000;
/** A stream without an event for so long may be dead: it is opened again. */
const SILENT_MS = 45_000;
/** A stream that was open for so long is opened again immediately when it breaks. */
const STEADY_MS = 5_000;
const ENDINGS = ["completed", "failed", "cancelled"] as const;

/** Reports events until the job has ended and its result is fetched, or the server does not know it. Returns how to stop.
 * It reads the event stream only while the page is visible; otherwise, and where no stream can be opened, it polls. */
export function followJob(id: string, onEvent: (event: JobEvent) => void, fetch: FetchJob = fetchJob): () => void {
  const follower = new Follower(id, onEvent, fetch);
  void follower.run();
  return () => follower.stop();
}

class Follower {
  #connection: Connection | null = null;
  /** Pauses in a row. */
  #numWaits = 0;
  #skipsPause = false;
  #interrupt: () => void = () => {};
  readonly #stopped = new AbortController();

  constructor(
    readonly id: string,
    readonly onEvent: (event: JobEvent) => void,
    readonly fetch: FetchJob,
  ) {}

  async run(): Promise<void> {
    window.addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#pageTurned);
    while (!this.#stopped.signal.aborted) {
      if (this.#connection !== "lost") await this.#readStream();
      if (await this.#isOver()) break;
      await this.#pause();
    }
    this.stop();
  }

  stop(): void {
    window.removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#pageTurned);
    stopWaiting(this.#wake);
    this.#stopped.abort();
    this.#interrupt();
  }

  #wake = (): void => {
    this.#skipsPause = true;
    this.#numWaits = 0;
    this.#interrupt();
  };

  #pageTurned = (): void => {
    if (document.visibilityState === "visible") this.#wake();
    else this.#interrupt();
  };

  #report(event: JobEvent): void {
    if (!this.#stopped.signal.aborted) this.onEvent(event);
  }

  #reportConnection(connection: Connection): void {
    if (connection === this.#connection) return;
    this.#connection = connection;
    this.#report({ kind: "connection", connection });
  }

  /** Until the stream ends, breaks, falls silent or is interrupted. A new one begins with a snapshot and every picture so
   * far, so nothing is lost between two. */
  async #readStream(): Promise<void> {
    const isWanted = () => document.visibilityState === "visible" && !this.#stopped.signal.aborted;
    if (!isWanted()) return;
    const release = await acquireSlot(this.#wake);
    if (release && isWanted()) await this.#readStreamIn(release);
    else release?.();
  }

  /** `release` gives the stream's slot back. */
  #readStreamIn(release: Release): Promise<void> {
    return new Promise((resolve) => {
      const stream = new EventSource(`${API_URL}/api/jobs/${this.id}/events`);
      let openedAt_ms = Number.POSITIVE_INFINITY;
      const close = () => {
        clearTimeout(timer);
        stream.close();
        this.#interrupt = () => {};
        if (Date.now() - openedAt_ms >= STEADY_MS) this.#wake();
        release();
        resolve();
      };
      let timer = setTimeout(close, OPEN_WITHIN_MS);
      const restartTimer = () => {
        clearTimeout(timer);
        timer = setTimeout(close, SILENT_MS);
      };
      this.#interrupt = close;
      stream.onerror = close;
      stream.onopen = () => {
        openedAt_ms = Date.now();
        restartTimer();
        this.#reportConnection("live");
      };
      this.#listen(stream, restartTimer, close);
    });
  }

  #listen(stream: EventSource, onAny: () => void, close: () => void): void {
    const on = <Data>(name: string, toEvent: (data: Data) => JobEvent) =>
      stream.addEventListener(name, (event) => {
        onAny();
        this.#report(toEvent(JSON.parse((event as MessageEvent<string>).data)));
      });
    on("progress", (state: JobState) => ({ kind: "progress", state }));
    on("preview", (data: { index: number; image: string }) => ({ kind: "preview", ...data }));
    on("image", (output: Output) => ({ kind: "image", output }));
    on("blocked", (blocked: Blocked) => ({ kind: "blocked", blocked }));
    for (const name of ENDINGS) {
      on(name, (ending: Ending) => ({ kind: "ended", ending }));
      stream.addEventListener(name, close);
    }
  }

  /** Fetches the job. True if there is nothing more to follow. */
  async #isOver(): Promise<boolean> {
    try {
      const event = await this.fetch(this.id, this.#stopped.signal);
      const isOver = event.kind === "gone" || hasEnded(event.state.status);
      if (this.#connection === "lost") this.#wake();
      if (this.#connection === "lost" || !(isOver || this.#skipsPause)) this.#reportConnection("polling");
      this.#report(event);
      if (event.kind === "result" && event.state.status === "processing") this.#numWaits = Math.min(this.#numWaits, 2);
      return isOver;
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof Refused || this.#stopped.signal.aborted)) throw error;
      this.#reportConnection("lost");
      return false;
    }
  }

  async #pause(): Promise<void> {
    if (!this.#skipsPause && !this.#stopped.signal.aborted) {
      const wait_ms = this.#connection === "lost" ? lostWait_ms(this.#numWaits) : pollWait_ms(this.#numWaits);
      this.#numWaits += 1;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait_ms);
        this.#interrupt = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#interrupt = () => {};
    }
    this.#skipsPause = false;
  }
}

/** Without a stream: 1.5 s growing to 10 s, to 3 s while pictures are being made. */
function pollWait_ms(numWaits: number): number {
  return jittered(Math.min(1_500 * 1.4 ** numWaits, 10_000));
}

/** Without a server: short, because one that comes back should be noticed within seconds. */
function lostWait_ms(numWaits: number): number {
  return jittered(Math.min(500 * 1.5 ** numWaits, 3_000));
}

/** Plus or minus a fifth, so that pages that lost the same server do not all return in the same moment. */
function jittered(wait_ms: number): number {
  return wait_ms * (0.8 + 0.4 * Math.random());
}
