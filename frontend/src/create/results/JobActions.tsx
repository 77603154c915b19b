"use client";
import { DownloadIcon, RotateCwIcon, ShuffleIcon, XIcon } from "lucide-react";
import { useState } from "react";
import type { GenerateRequest } from "@/api/types";
import { notify } from "@/components/notify";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { type Job, numDone } from "@/domain/job";
import { useJobs } from "@/jobs/store";
import { variationsOf, zipAddress } from "@/domain/picture";

export function CancelButton({ job }: { job: Job }) {
  const cancel = useJobs((store) => store.cancel);
  const [isAsked, setIsAsked] = useState(false);

  async function ask() {
    setIsAsked(true);
    try {
      await cancel(job.id);
    } catch (error) {
      setIsAsked(false);
      notify("error", error instanceof Error ? error.message : String(error));
    }
  }

  return (
    <Button variant="secondary" size="sm" aria-disabled={isAsked} onClick={isAsked ? undefined : ask}>
      Cancel
    </Button>
  );
}

interface EndedActionsProps {
  job: Job;
  onGenerate: (request: GenerateRequest) => void;
}

/** What can be done with a whole job. Where there is little room only the icons show. */
export function EndedActions({ job, onGenerate }: EndedActionsProps) {
  const remove = useJobs((store) => store.remove);
  const words = "@max-xl:sr-only";
  return (
    <div className="-mt-1 -mr-2 flex shrink-0 items-center gap-1 @xl:-mr-3">
      {job.state?.status === "completed" ? (
        <Button variant="ghost" size="sm" onClick={() => onGenerate(variationsOf(job))}>
          <ShuffleIcon aria-hidden />
          <span className={words}>Variations</span>
        </Button>
      ) : (
        <Button variant="secondary" size="sm" onClick={() => onGenerate(job.request)}>
          <RotateCwIcon aria-hidden />
          <span className={words}>Try again</span>
        </Button>
      )}
      {numDone(job) >= 2 && (
        <Button variant="ghost" size="sm" asChild>
          <a href={zipAddress(job)} download>
            <DownloadIcon aria-hidden />
            <span className={words}>Download all</span>
          </a>
        </Button>
      )}
      <Tip label="Remove from this list">
        <Button variant="ghost" size="icon-sm" aria-label="Remove from this list" onClick={() => remove(job.id)}>
          <XIcon aria-hidden />
        </Button>
      </Tip>
    </div>
  );
}
