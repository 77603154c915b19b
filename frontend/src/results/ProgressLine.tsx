"use client";
import { isEnded, type Job } from "@/jobs/job";
import { progressOf, standing } from "./words";

/** How far an unfinished job is and how long it will still take. */
export function ProgressLine({ job }: { job: Job }) {
  if (isEnded(job)) return null;
  const words = standing(job);
  const percent = Math.round(progressOf(job) * 100);
  return (
    <div className="space-y-2">
      <p className="text-muted-foreground text-sm tabular-nums">{words}</p>
      <div
        role="progressbar"
        aria-label="Progress"
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={words}
        className="h-0.5 overflow-hidden rounded-full bg-muted"
      >
        <div
          className="h-full origin-left rounded-full bg-primary transition-transform duration-700 ease-out"
          style={{ transform: `scaleX(${percent / 100})` }}
        />
      </div>
    </div>
  );
}
