"use client";
import { useOptions } from "@/api/catalog";
import { t } from "@/i18n/t";
import { sentence } from "@/lib/words/sentence";

/** Why no picture is made now: the machine with the GPU is off, or starts. Jobs are accepted all the same. */
export function WorkerNotice() {
  const notice = useOptions().data?.no_worker;
  if (!notice) return null;
  return (
    <p role="status" aria-label={t("Worker")} className="text-center text-muted-foreground text-sm">
      {`${sentence(notice.detail)} ${t("You can ask for pictures now.")}`}
    </p>
  );
}
