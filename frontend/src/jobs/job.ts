/** One job as the page knows it, and how news changes it. Pure: no network, no React. */
import type { GenerateRequest, JobState, Output, Status } from "@/api/types";

/** How news of the job arrives: by its event stream, by asking again and again, or not at all for now. */
export type Connection = "live" | "polling" | "lost";

export interface Job {
  readonly id: string;
  /** Milliseconds since the epoch, by this browser's clock. */
  readonly askedAt_ms: number;
  readonly request: GenerateRequest;
  /** Pixels of each picture, known before the first one is made. */
  readonly width: number;
  readonly height: number;
  /** Null until the server has said something. */
  readonly state: JobState | null;
  /** Finished pictures by index; a picture not made yet is absent. */
  readonly outputs: readonly Output[];
  /** Latest preview of a picture being made, as a data: address, by index. */
  readonly previews: Readonly<Record<number, string>>;
  readonly warnings: readonly string[];
  /** What the server made of the request: seed, final prompt, model (metadata of the result). Null until known. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly connection: Connection;
}
