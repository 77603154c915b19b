"use client";
import { useLoras } from "@/api/catalog";
import type { Job } from "@/domain/job";
import { addedTrigger } from "@/domain/trigger";
import { t } from "@/i18n/t";
import type { Settings } from "@/settings/settings";

interface TriggerNoteProps {
  job: Job;
  onGenerate: (request: Settings) => void;
}

/** Words that the job's LoRA has put before a prompt that did not ask for them, and the way to do without. */
export function TriggerNote({ job, onGenerate }: TriggerNoteProps) {
  const added = addedTrigger(job, useLoras().data ?? []);
  if (!added) return null;
  return (
    <>
      {" · "}
      {t("adds “{words}”", { words: added.trigger })}{" "}
      <button
        type="button"
        className="rounded text-foreground underline underline-offset-2"
        onClick={() => onGenerate({ ...job.request, model_name: null, model_weight: undefined })}
      >
        {t("Make it without")}
      </button>
    </>
  );
}
