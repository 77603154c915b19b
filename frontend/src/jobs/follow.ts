/** Tells what happens to a job, over bad networks and restarts of the server too. */
import type { JobNews } from "./job";

/** Tells news until the job has ended and its result was read. Answers what stops it. */
export function followJob(id: string, onNews: (news: JobNews) => void): () => void {
  throw new Error(`${id} ${onNews}`);
}
