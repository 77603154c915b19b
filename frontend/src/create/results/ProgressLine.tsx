"use client";
import { isEnded, type Job } from "@/domain/job";
import { progressOf, standing } from "@/domain/job-words";

/** How far a job is. Its room stays when it has ended, so that the pictures below do not move. */
export function ProgressLine({ job }: { job: Job }) {
  if (isEnded(job)) return <div className="h-0.5" />;
  const percent = Math.round(progressOf(job) * 100);
  return (
    <div
      role="progressbar"
      aria-label="Progress"
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={standing(job)}
      className="h-0.5 overflow-hidden rounded-full bg-muted"
    >
      <div
        className="h-full origin-left rounded-full bg-primary transition-transform duration-700 ease-out"
        style={{ transform: `scaleX(${percent / 100})` }}
      />
    </div>
  );
}
