/** The jobs of this browser, newest first. */
import { create } from "zustand";
import type { GenerateRequest } from "@/api/types";
import type { Job } from "./job";

export interface JobsStore {
  readonly jobs: readonly Job[];
  /** Asks for pictures of `size` (pixels). Throws Refused, Unreachable. */
  generate(request: GenerateRequest, size: { width: number; height: number }): Promise<Job>;
  /** Takes effect at the next denoising step. Throws Refused, Unreachable. */
  cancel(id: string): Promise<void>;
  /** From this browser's list only; the pictures stay on the server. */
  remove(id: string): void;
  clearEnded(): void;
  /** Brings back what localStorage remembers. Call it in the browser; only the first call counts. */
  restore(): void;
}

export const useJobs = create<JobsStore>(() => {
  throw new Error();
});
