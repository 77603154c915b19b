"use client";
import { DownloadIcon, RotateCwIcon, ShuffleIcon, XIcon } from "lucide-react";
import { memo, useId, useState } from "react";
import { toast } from "sonner";
import type { GenerateRequest } from "@/api/types";
import { cn } from "@/components/cn";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { failureOf, isEnded, type Job, numDone } from "@/jobs/job";
import { useJobs } from "@/jobs/store";
import { glance } from "./facts";
import { ProgressLine } from "./ProgressLine";
import { numWanted, variationsOf, zipAddress } from "./picture";
import { Tiles } from "./Tiles";
import { outcome, sentence } from "./words";

interface JobSectionProps {
  job: Job;
  isNewest: boolean;
  onGenerate: (request: GenerateRequest) => void;
}

/** One job: what was asked, how far it is, its pictures. */
export const JobSection = memo(function JobSection({ job, isNewest, onGenerate }: JobSectionProps) {
  const heading = useId();
  const isDone = isEnded(job);
  const hasTiles = job.state?.status !== "failed" || numDone(job) > 0;
  return (
    <section aria-labelledby={heading} aria-busy={!isDone} className="@container space-y-4">
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 flex-1 basis-72 space-y-1">
          <h2
            id={heading}
            className="line-clamp-2 text-balance font-medium text-base leading-snug"
            title={job.request.prompt}
          >
            {job.request.prompt}
          </h2>
          <p className="text-muted-foreground text-sm tabular-nums">{glance(job).join(" · ")}</p>
          {job.warnings.map((warning) => (
            <p key={warning} className="text-sm text-warning">
              {sentence(warning)}
            </p>
          ))}
        </div>
        {isDone ? <EndedActions job={job} onGenerate={onGenerate} /> : <CancelButton job={job} />}
      </header>
      {isDone ? <Outcome job={job} /> : <ProgressLine job={job} />}
      {hasTiles && (
        <Tiles job={job} name={isNewest ? "Results" : `${isDone ? "Ended" : "Also running"}: ${job.request.prompt}`} />
      )}
    </section>
  );
});

function CancelButton({ job }: { job: Job }) {
  const cancel = useJobs((store) => store.cancel);
  const [isAsked, setIsAsked] = useState(false);

  async function ask() {
    setIsAsked(true);
    try {
      await cancel(job.id);
    } catch (error) {
      setIsAsked(false);
      toast.error(error instanceof Error ? error.message : "It could not be cancelled.");
    }
  }

  return (
    <Button variant="secondary" size="sm" aria-disabled={isAsked} onClick={isAsked ? undefined : ask}>
      Cancel
    </Button>
  );
}

function EndedActions({ job, onGenerate }: Omit<JobSectionProps, "isNewest">) {
  const remove = useJobs((store) => store.remove);
  const isComplete = job.state?.status === "completed";

  function again() {
    if (numDone(job) === 0) remove(job.id);
    onGenerate(job.request);
  }

  return (
    <div className="-my-1 flex shrink-0 flex-wrap items-center gap-1">
      {isComplete ? (
        <Button variant="ghost" size="sm" onClick={() => onGenerate(variationsOf(job))}>
          <ShuffleIcon aria-hidden />
          Variations
        </Button>
      ) : (
        <Button variant="secondary" size="sm" onClick={again}>
          <RotateCwIcon aria-hidden />
          Try again
        </Button>
      )}
      {numDone(job) >= 2 && (
        <Button variant="ghost" size="sm" asChild>
          <a href={zipAddress(job)} download>
            <DownloadIcon aria-hidden />
            Download all
          </a>
        </Button>
      )}
      {numDone(job) === 0 && (
        <Tip label="Remove from this list">
          <Button variant="ghost" size="icon-sm" aria-label="Remove from this list" onClick={() => remove(job.id)}>
            <XIcon aria-hidden />
          </Button>
        </Tip>
      )}
    </div>
  );
}

function Outcome({ job }: { job: Job }) {
  const words = outcome(job);
  if (words === null) return null;
  const failure = failureOf(job);
  return (
    <p className={cn("max-w-prose text-sm", failure ? "text-foreground" : "text-muted-foreground")}>
      <span className={failure ? "font-medium text-destructive" : undefined}>{words}</span>
      {failure && ` ${sentence(failure.detail)} ${numWanted(job) > 1 ? "Nothing else was affected." : ""}`}
    </p>
  );
}
