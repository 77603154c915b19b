/** Tells what happens to a job, over bad networks and restarts of the server too. */
import { API_URL, Refused, Unreachable } from "@/api/client";
import type { JobState, Output } from "@/api/types";
import { type Connection, type Ending, hasEnded, type JobNews } from "@/domain/job";
import { type LookUp, lookUp } from "./fetch-job";
import { enterStreamRoom, type Leave, stopWaiting } from "./stream-slots";

const OPEN_WITHIN_MS = 10_000;
/** A stream that tells nothing for so long may be dead without knowing it: it is opened anew. */
const SILENT_MS = 45_000;
/** A stream that held so long is opened anew at once when it breaks. */
const STEADY_MS = 5_000;
const ENDINGS = ["completed", "failed", "cancelled"] as const;

/** Tells news until the job has ended and its result was read, or the server does not know it. Answers what stops it.
 * Only while the page can be seen it reads the event stream; otherwise, and where there is no stream to be had, it asks
 * again and again. */
export function followJob(id: string, onNews: (news: JobNews) => void, look: LookUp = lookUp): () => void {
  const follower = new Follower(id, onNews, look);
  void follower.run();
  return () => follower.stop();
}

class Follower {
  #connection: Connection | null = null;
  /** How often in a row it had to wait before it could go on. */
  #numWaits = 0;
  #goOnAtOnce = false;
  #interrupt: () => void = () => {};
  readonly #stopped = new AbortController();

  constructor(
    readonly id: string,
    readonly onNews: (news: JobNews) => void,
    readonly look: LookUp,
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
    this.#goOnAtOnce = true;
    this.#numWaits = 0;
    this.#interrupt();
  };

  #pageTurned = (): void => {
    if (document.visibilityState === "visible") this.#wake();
    else this.#interrupt();
  };

  #tell(news: JobNews): void {
    if (!this.#stopped.signal.aborted) this.onNews(news);
  }

  #say(connection: Connection): void {
    if (connection === this.#connection) return;
    this.#connection = connection;
    this.#tell({ kind: "connection", connection });
  }

  /** Until the stream ends, breaks, falls silent or is interrupted. A new one begins with a snapshot and every picture so
   * far, so nothing is lost between two. */
  async #readStream(): Promise<void> {
    const isWanted = () => document.visibilityState === "visible" && !this.#stopped.signal.aborted;
    if (!isWanted()) return;
    const leave = await enterStreamRoom(this.#wake);
    if (leave && isWanted()) await this.#readStreamIn(leave);
    else leave?.();
  }

  /** `leave` gives back the stream's place. */
  #readStreamIn(leave: Leave): Promise<void> {
    return new Promise((resolve) => {
      const stream = new EventSource(`${API_URL}/api/jobs/${this.id}/events`);
      let openedAt_ms = Number.POSITIVE_INFINITY;
      const close = () => {
        clearTimeout(timer);
        stream.close();
        this.#interrupt = () => {};
        if (Date.now() - openedAt_ms >= STEADY_MS) this.#wake();
        leave();
        resolve();
      };
      let timer = setTimeout(close, OPEN_WITHIN_MS);
      const heard = () => {
        clearTimeout(timer);
        timer = setTimeout(close, SILENT_MS);
      };
      this.#interrupt = close;
      stream.onerror = close;
      stream.onopen = () => {
        openedAt_ms = Date.now();
        heard();
        this.#say("live");
      };
      this.#listen(stream, heard, close);
    });
  }

  #listen(stream: EventSource, heard: () => void, close: () => void): void {
    const on = <Data>(name: string, news: (data: Data) => JobNews) =>
      stream.addEventListener(name, (event) => {
        heard();
        this.#tell(news(JSON.parse((event as MessageEvent<string>).data)));
      });
    on("progress", (state: JobState) => ({ kind: "progress", state }));
    on("preview", (data: { index: number; image: string }) => ({ kind: "preview", ...data }));
    on("image", (output: Output) => ({ kind: "image", output }));
    for (const name of ENDINGS) {
      on(name, (ending: Ending) => ({ kind: "ended", ending }));
      stream.addEventListener(name, close);
    }
  }

  /** Asks where the job stands: whether there is nothing more to follow. */
  async #isOver(): Promise<boolean> {
    try {
      const news = await this.look(this.id, this.#stopped.signal);
      const isOver = news.kind === "gone" || hasEnded(news.state.status);
      if (this.#connection === "lost") this.#wake();
      if (this.#connection === "lost" || !(isOver || this.#goOnAtOnce)) this.#say("polling");
      this.#tell(news);
      if (news.kind === "result" && news.state.status === "processing") this.#numWaits = Math.min(this.#numWaits, 2);
      return isOver;
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof Refused || this.#stopped.signal.aborted)) throw error;
      this.#say("lost");
      return false;
    }
  }

  async #pause(): Promise<void> {
    if (!this.#goOnAtOnce && !this.#stopped.signal.aborted) {
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
    this.#goOnAtOnce = false;
  }
}

/** The server answers, but there is no stream: 1.5 s growing to 10 s, to 3 s while pictures are being made. */
function pollWait_ms(numWaits: number): number {
  return jittered(Math.min(1_500 * 1.4 ** numWaits, 10_000));
}

/** Nobody answers: short, because a server that comes back should be noticed within seconds. */
function lostWait_ms(numWaits: number): number {
  return jittered(Math.min(500 * 1.5 ** numWaits, 3_000));
}

/** Plus or minus a fifth, so that pages that lost the same server do not all come back in the same moment. */
function jittered(wait_ms: number): number {
  return wait_ms * (0.8 + 0.4 * Math.random());
}
