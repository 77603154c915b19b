/** The jobs this browser asked for, kept in its localStorage for the next visit and for other tabs. */
import type { GenerateRequest } from "@/api/types";

export interface RecentJob {
  id: string;
  /** Milliseconds since the epoch. */
  askedAt_ms: number;
  request: GenerateRequest;
  /** Pixels of each picture. */
  width: number;
  height: number;
}
