"use client";
import { useState } from "react";
import { blockedAt, isEnded, type Job } from "@/domain/job";
import { t } from "@/i18n/t";
import { cn } from "@/lib/cn";
import { previewBlur } from "./preview-blur";

/** The place of an unfinished picture: empty, then its previews. It stays behind the finished picture until that is loaded.
 * An outline only if the picture will not be made, and why where moderation has blocked it. */
export function PendingPicture({ job, index, isFinished }: { job: Job; index: number; isFinished: boolean }) {
  const previews = useLastTwo(job.previews[index]);
  const number = index + 1;
  const reason = blockedAt(job, index);
  if (reason ?? (isEnded(job) && !isFinished)) {
    return (
      <div className="absolute inset-0 grid place-items-center overflow-hidden rounded-xl border border-muted-foreground/30 border-dashed p-3 text-center text-muted-foreground text-xs">
        {reason ? (
          t("Blocked: {reason}.", { reason })
        ) : (
          <span className="sr-only">{t("Picture {number} was not made", { number })}</span>
        )}
      </div>
    );
  }
  const isWorking = !isFinished && job.state?.status === "processing" && job.connection !== "lost";
  return (
    <div
      className={cn(
        "absolute inset-0 overflow-hidden rounded-xl bg-muted",
        isWorking && previews.length === 0 && "results-shimmer",
      )}
    >
      {!isFinished && <span className="sr-only">{t("Picture {number} is being made", { number })}</span>}
      {previews.map((source) => (
        <img
          key={source}
          src={source}
          alt=""
          onLoad={({ currentTarget: shown }) => {
            shown.style.filter = `blur(${previewBlur(shown.clientWidth, shown.naturalWidth)}px)`;
          }}
          className="fade-in-0 absolute inset-0 size-full animate-in object-cover duration-700"
        />
      ))}
    </div>
  );
}

/** The latest source and, below it while it fades in, the one before. */
function useLastTwo(source: string | undefined): readonly string[] {
  const [shown, setShown] = useState<readonly string[]>([]);
  if (source === undefined || shown.at(-1) === source) return shown;
  const next = [...shown.slice(-1), source];
  setShown(next);
  return next;
}
