"use client";
import { useMutation } from "@tanstack/react-query";
import { DownloadIcon, PencilLineIcon } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useMemo, useState } from "react";
import { Dialogs } from "@/actions/Dialogs";
import { PARSERS } from "@/address/parsers";
import { useLoras, useOptions } from "@/api/catalog";
import { Shell } from "@/components/Shell";
import { Button, buttonLook } from "@/components/ui/button";
import { formErrorOf } from "@/domain/form-error";
import { isEnded, type Job, numDone } from "@/domain/job";
import { outcome, progressOf, statusWords } from "@/domain/job-words";
import { zipAddress } from "@/domain/picture";
import { picturesOfHistory } from "@/history/items";
import { t, tCount } from "@/i18n/t";
import { postChange } from "@/jobs/other-windows";
import { useCancel } from "@/jobs/requests";
import { useTimeLeft } from "@/jobs/use-time-left";
import { cn } from "@/lib/cn";
import { lazyPart } from "@/lib/lazy";
import { closePicture, useOpenPicture, usePictureAddress } from "@/pictures/picture-address";
import { requestComparison, sheetAddress } from "./api";
import type { Axes } from "./axes";
import { Board } from "./Board";
import { Earlier } from "./Earlier";
import { firstVariants, type Plan } from "./plan";
import { Setup } from "./Setup";
import { type Loaded, useComparison } from "./use-comparison";
import { ZoomStage } from "./ZoomStage";

const [Viewer] = lazyPart(() => import("@/history/Viewer"), { onMissing: closePicture });

/** The page: a form, or the comparison that the address names. */
export function Comparison() {
  const [{ job: id }, setAddress] = useQueryStates(PARSERS.compare);
  const [plan, setPlan] = useState<Plan | null>(null);

  function edit(next: Plan | null) {
    setPlan(next);
    setAddress({ job: null });
  }

  return (
    <Shell
      title={t("Grid")}
      note={t("See LoRA versions and weights side by side, with the same prompts and seeds.")}
      width="wide"
    >
      {id ? <Shown key={id} id={id} onEdit={edit} /> : <Form first={plan} onAccepted={(job) => setAddress({ job })} />}
    </Shell>
  );
}

const FIRST_SEEDS = [1, 2, 3];

function Form({ first, onAccepted }: { first: Plan | null; onAccepted: (id: string) => void }) {
  const { data: options, failureReason } = useOptions();
  const loras = useLoras().data;
  const { mutate, isPending, error } = useMutation({
    mutationFn: requestComparison,
    onSuccess(id) {
      onAccepted(id);
      postChange({ kind: "job" });
    },
    meta: { isReported: true },
  });
  const refusal = useMemo(() => error && formErrorOf(error), [error]);

  if (!options || !loras) return <Loading isLost={failureReason !== null} />;
  return (
    <>
      <Setup
        options={options}
        loras={loras}
        first={first ?? { prompts: [], seeds: FIRST_SEEDS, variants: firstVariants(loras) }}
        isSending={isPending}
        error={refusal}
        onCompare={mutate}
      />
      <Earlier />
    </>
  );
}

function Loading({ isLost }: { isLost: boolean }) {
  return (
    <p role="status" className="min-h-96 text-muted-foreground text-sm">
      {isLost ? t("Can't reach the server. Trying again…") : ""}
    </p>
  );
}

function Shown({ id, onEdit }: { id: string; onEdit: (plan: Plan | null) => void }) {
  const comparison = useComparison(id);
  if (comparison.kind === "loaded") return <Result {...comparison.loaded} onEdit={onEdit} />;
  if (comparison.kind === "loading") return <Loading isLost={comparison.isLost} />;
  return (
    <div className="flex flex-col items-start gap-4 rounded-2xl border bg-card p-6">
      <p role="alert" className="text-sm">
        {comparison.why}
      </p>
      <Button onClick={() => onEdit(null)}>{t("New comparison")}</Button>
    </div>
  );
}

function Result({ job, axes, onEdit }: Loaded & { onEdit: (plan: Plan) => void }) {
  return (
    <ZoomStage
      head={
        <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-2 sm:gap-x-4">
          <Button variant="outline" size="sm" onClick={() => onEdit(axes.plan)}>
            <PencilLineIcon aria-hidden />
            {t("Edit")}
          </Button>
          <Status job={job} axes={axes} />
        </div>
      }
    >
      <Board job={job} axes={axes} />
      <Opened job={job} />
    </ZoomStage>
  );
}

/** The picture of a cell, as the history shows it. */
function Opened({ job }: { job: Job }) {
  const id = useOpenPicture((open) => open.id);
  usePictureAddress();
  const pictures = useMemo(() => picturesOfHistory([job], Date.now()), [job]);
  return (
    <>
      {id !== null && <Viewer pictures={pictures} id={id} />}
      <Dialogs />
    </>
  );
}

function Status({ job, axes }: { job: Job; axes: Axes }) {
  const { mutate: cancel, isPending } = useCancel();
  const left_s = useTimeLeft(job);
  const count = axes.prompts.length * axes.seeds.length * axes.variants.length;
  if (!isEnded(job)) {
    return (
      <>
        <p role="status" className="text-muted-foreground text-sm tabular-nums">
          {statusWords(job, left_s, (Date.now() - job.askedAt_ms) / 1000)}
        </p>
        <progress
          aria-label={t("Progress")}
          value={progressOf(job)}
          className="h-1 w-24 overflow-hidden rounded-full [&::-webkit-progress-bar]:bg-muted [&::-webkit-progress-value]:bg-primary"
        />
        <Button variant="ghost" size="sm" aria-disabled={isPending} onClick={() => isPending || cancel(job.id)}>
          {t("Cancel")}
        </Button>
      </>
    );
  }
  return (
    <>
      <p role="status" className={cn("text-muted-foreground text-sm", outcome(job) === null && "sr-only")}>
        {outcome(job) ?? tCount(count, "{done} of 1 picture", "{done} of {count} pictures", { done: numDone(job) })}
      </p>
      {numDone(job) > 0 && (
        <a
          className={buttonLook({ variant: "ghost", size: "sm" })}
          href={sheetAddress(job.id)}
          download={`comparison-${job.id}.jpg`}
        >
          <DownloadIcon aria-hidden />
          {t("Contact sheet")}
        </a>
      )}
      {numDone(job) > 1 && (
        <a className={buttonLook({ variant: "ghost", size: "sm" })} href={zipAddress(job)} download>
          <DownloadIcon aria-hidden />
          {t("Download all")}
        </a>
      )}
    </>
  );
}
