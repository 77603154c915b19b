"use client";
import { memo, useId } from "react";
import type { GenerateRequest } from "@/api/types";
import { sentence } from "@/lib/sentence";
import { failureOf, isEnded, type Job, numDone } from "@/domain/job";
import { glance } from "@/settings/facts";
import { CancelButton, EndedActions } from "./JobActions";
import { ProgressLine } from "./ProgressLine";
import { Tiles } from "./Tiles";
import { outcome, standing } from "@/domain/job-words";

interface JobSectionProps {
  job: Job;
  isNewest: boolean;
  onGenerate: (request: GenerateRequest) => void;
}

/** One job: what was asked, how far it is, its pictures. From its start to its end nothing changes its height. */
export const JobSection = memo(function JobSection({ job, isNewest, onGenerate }: JobSectionProps) {
  const heading = useId();
  const isDone = isEnded(job);
  const hasTiles = job.state?.status !== "failed" || numDone(job) > 0;
  return (
    <section aria-labelledby={heading} className="@container space-y-3">
      <header className="flex items-start justify-between gap-4">
        <div className="min-w-0 flex-1 space-y-1">
          <h2
            id={heading}
            className="line-clamp-2 text-pretty font-medium text-base leading-snug"
            title={job.request.prompt}
          >
            {job.request.prompt}
          </h2>
          <StandingLine job={job} />
          {job.warnings.map((warning) => (
            <p key={warning} className="text-sm text-warning">
              {sentence(warning)}
            </p>
          ))}
        </div>
        {isDone ? <EndedActions job={job} onGenerate={onGenerate} /> : <CancelButton job={job} />}
      </header>
      <ProgressLine job={job} />
      {hasTiles && (
        <Tiles job={job} name={isNewest ? "Results" : `${isDone ? "Ended" : "Also running"}: ${job.request.prompt}`} />
      )}
    </section>
  );
});

/** How far it is, how it ended, or what it was made with. */
function StandingLine({ job }: { job: Job }) {
  const failure = failureOf(job);
  if (failure) {
    return (
      <p className="max-w-prose text-sm">
        <span className="font-medium text-destructive">{outcome(job)}</span> {sentence(failure.detail)}
      </p>
    );
  }
  const words = isEnded(job) ? (outcome(job) ?? glance(job).join(" · ")) : standing(job);
  return <p className="min-h-5 truncate text-muted-foreground text-sm tabular-nums">{words}</p>;
}
