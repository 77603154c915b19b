"use client";
import { memo, type ReactNode, useId } from "react";
import { glance } from "@/domain/facts";
import { isEnded, type Job, numDone, promptOf } from "@/domain/job";
import { outcome, progressOf, statusWords } from "@/domain/job-words";
import { t } from "@/i18n/t";
import { useFailure } from "@/jobs/use-failure";
import { useTimeLeft } from "@/jobs/use-time-left";
import { sentence } from "@/lib/words/sentence";
import type { Settings } from "@/settings/settings";
import { CancelButton, EndedActions } from "./JobActions";
import { Tiles } from "./Tiles";
import { TriggerNote } from "./TriggerNote";

interface JobSectionProps {
  job: Job;
  isNewest: boolean;
  onGenerate: (request: Settings) => void;
}

/** One job: its prompt, its progress, its pictures. Its height stays the same from start to end, unless it is cancelled
 * before a picture is finished: then it is one line. */
export const JobSection = memo(function JobSection({ job, isNewest, onGenerate }: JobSectionProps) {
  const heading = useId();
  const isDone = isEnded(job);
  const prompt = promptOf(job);
  const isShort = job.state?.status === "failed" || job.state?.status === "cancelled";
  const hasTiles = numDone(job) > 0 || !isShort || job.blocked;
  return (
    <section aria-labelledby={heading} className="@container space-y-3">
      <header className="flex items-start justify-between gap-4">
        <div className="min-w-0 flex-1 space-y-1">
          <h2 id={heading} className="line-clamp-2 text-pretty font-medium text-base leading-snug" title={prompt}>
            {prompt}
          </h2>
          <StatusLine job={job}>
            {isNewest && isDone && numDone(job) > 0 && <TriggerNote job={job} onGenerate={onGenerate} />}
          </StatusLine>
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
        <Tiles
          job={job}
          name={isNewest ? t("Results") : t(isDone ? "Ended: {prompt}" : "Also running: {prompt}", { prompt })}
        />
      )}
    </section>
  );
});

/** How far it is, how it ended, or the settings that made it. */
function StatusLine({ job, children }: { job: Job; children: ReactNode }) {
  const reason = useFailure(job);
  const left_s = useTimeLeft(job);
  if (job.state?.status === "failed") {
    return (
      <p className="max-w-prose text-sm">
        <span className="font-medium text-destructive">{outcome(job)}</span> {sentence(reason ?? "")}
      </p>
    );
  }
  const words = isEnded(job)
    ? (outcome(job) ?? glance(job).join(" · "))
    : statusWords(job, left_s, (Date.now() - job.askedAt_ms) / 1000);
  return (
    <p className="min-h-5 text-muted-foreground text-sm tabular-nums @max-xl:min-h-10">
      {words}
      {!isEnded(job) && job.state?.detail && ` · ${job.state.detail}`}
      {children}
    </p>
  );
}

/** Progress of a job. Its height remains after the end, so that the pictures below do not move. */
function ProgressLine({ job }: { job: Job }) {
  if (isEnded(job)) return <div className="h-0.5" />;
  const percent = Math.round(progressOf(job) * 100);
  return (
    <div
      role="progressbar"
      aria-label={t("Progress")}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={statusWords(job)}
      className="h-0.5 overflow-hidden rounded-full bg-muted"
    >
      <div
        className="h-full origin-left rounded-full bg-primary transition-transform duration-700 ease-out"
        style={{ transform: `scaleX(${percent / 100})` }}
      />
    </div>
  );
}
