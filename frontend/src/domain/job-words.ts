/** Texts about a job. */
import { aboutTime, pictures } from "@/lib/words/quantities";
import { isEnded, type Job, numDone } from "./job";
import { numWanted } from "./picture";

/** The status of an unfinished job: `2 of 4 done · about 12 s left`. Without a time while the server is unreachable. */
export function statusWords(job: Job): string {
  const { state } = job;
  if (job.connection === "lost") return "Reconnecting…";
  if (state === null) return "Waiting for the server…";
  if (state.status === "queued") {
    const time = state.estimated_time > 0 ? ` · ${aboutTime(state.estimated_time)}` : "";
    return `${queuePlace(state.queue_position)}${time}`;
  }
  const done = numDone(job) > 0 ? `${numDone(job)} of ${numWanted(job)} done` : `Making ${pictures(numWanted(job))}`;
  return `${done} · ${state.estimated_time > 0 ? `${aboutTime(state.estimated_time)} left` : "almost there"}`;
}

/** How a job ended where not all of its pictures were made; null for any other job. */
export function outcome(job: Job): string | null {
  const made = numDone(job);
  if (job.state?.status === "cancelled") {
    return made > 0
      ? `Cancelled. ${made} of ${numWanted(job)} were finished before.`
      : "Cancelled before a picture was finished.";
  }
  if (job.state?.status !== "failed") return null;
  if (made === 0) return numWanted(job) === 1 ? "This picture could not be made." : "These pictures could not be made.";
  return `${made} of ${numWanted(job)} could be made.`;
}

/** Share of the work that is done, 0 to 1. */
export function progressOf(job: Job): number {
  if (isEnded(job)) return 1;
  return Math.min(1, Math.max(0, job.state?.progress ?? 0));
}

function queuePlace(position: number): string {
  if (position <= 0) return "Starting";
  return position === 1 ? "Next in the queue" : `Number ${position} in the queue`;
}
