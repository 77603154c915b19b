"use client";
import { DownloadIcon, RotateCwIcon, ShuffleIcon, XIcon } from "lucide-react";
import { useLoras, useOptions } from "@/api/catalog";
import { Button, buttonLook } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { type Job, numDone } from "@/domain/job";
import { variationsOf, zipAddress } from "@/domain/picture";
import { t } from "@/i18n/t";
import { noteRemoved } from "@/jobs/history/list-notes";
import { useCancel } from "@/jobs/requests";
import type { Settings } from "@/settings/settings";

export function CancelButton({ job }: { job: Job }) {
  const { mutate, isPending, isSuccess } = useCancel();
  const isSent = isPending || isSuccess;
  return (
    <Button variant="secondary" size="sm" aria-disabled={isSent} onClick={() => isSent || mutate(job.id)}>
      {t("Cancel")}
    </Button>
  );
}

interface EndedActionsProps {
  job: Job;
  onGenerate: (request: Settings) => void;
}

/** Actions on a whole job. A narrow section shows the icons only. */
export function EndedActions({ job, onGenerate }: EndedActionsProps) {
  const options = useOptions().data;
  const loras = useLoras().data;
  const words = "@max-xl:sr-only";
  return (
    <div className="-mt-1 -mr-2 flex shrink-0 items-center gap-1 @xl:-mr-3">
      {job.state?.status === "completed" ? (
        <Button variant="ghost" size="sm" onClick={() => onGenerate(variationsOf(job, options, loras))}>
          <ShuffleIcon aria-hidden />
          <span className={words}>{t("New seeds")}</span>
        </Button>
      ) : (
        <Button variant="secondary" size="sm" onClick={() => onGenerate(job.request)}>
          <RotateCwIcon aria-hidden />
          <span className={words}>{t("Try again")}</span>
        </Button>
      )}
      {numDone(job) >= 2 && (
        <a className={buttonLook({ variant: "ghost", size: "sm" })} href={zipAddress(job)} download>
          <DownloadIcon aria-hidden />
          <span className={words}>{t("Download all")}</span>
        </a>
      )}
      <Tip label={t("Remove from this list")} align="end">
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={t("Remove from this list")}
          onClick={() => noteRemoved(job.id)}
        >
          <XIcon aria-hidden />
        </Button>
      </Tip>
    </div>
  );
}
