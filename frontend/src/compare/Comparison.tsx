"use client";
import { DownloadIcon, PencilLineIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { useLoras, useOptions } from "@/api/catalog";
import { cn } from "@/lib/cn";
import { notify } from "@/components/notify";
import { Shell } from "@/components/Shell";
import { Button } from "@/components/ui/button";
import { type Trouble, troubleOf } from "@/lib/form-error";
import { isEnded, type Job, numDone } from "@/domain/job";
import { outcome, progressOf, standing } from "@/domain/job-words";
import { askComparison, cancelComparison, sheetAddress } from "./api";
import type { Axes } from "./axes";
import { Board } from "./Board";
import { firstVariants, type Plan } from "./plan";
import { Setup } from "./Setup";
import { type Told, useComparison } from "./use-comparison";
import { ZoomStage } from "./ZoomStage";

/** The page: a form, or the comparison that the address names. */
export function Comparison() {
  const [id, setId] = useState<string | null | undefined>(undefined); // undefined: the address was not read yet
  const [plan, setPlan] = useState<Plan | null>(null);

  useEffect(() => {
    const read = () => setId(new URLSearchParams(window.location.search).get("job"));
    read();
    window.addEventListener("popstate", read);
    return () => window.removeEventListener("popstate", read);
  }, []);

  function go(next: string | null) {
    window.history.pushState(null, "", next ? `?job=${next}` : window.location.pathname);
    setId(next);
    window.scrollTo({ top: 0 });
  }

  function edit(next: Plan | null) {
    setPlan(next);
    go(null);
  }

  return (
    <Shell
      title="Compare"
      note="The same prompts and the same seeds, made by every variant: versions of a LoRA, its weights, or none."
      width="wide"
    >
      {id === null && <Asking first={plan} onAccepted={go} />}
      {id && <Shown key={id} id={id} onEdit={edit} />}
    </Shell>
  );
}

const FIRST_SEEDS = [1, 2, 3];

function Asking({ first, onAccepted }: { first: Plan | null; onAccepted: (id: string) => void }) {
  const { data: options, failureReason } = useOptions();
  const loras = useLoras().data;
  const [isSending, setIsSending] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);

  async function compare(plan: Plan) {
    setIsSending(true);
    try {
      onAccepted(await askComparison(plan));
    } catch (error) {
      setTrouble(troubleOf(error));
    } finally {
      setIsSending(false);
    }
  }

  if (!options || !loras) {
    return (
      <p role="status" className="min-h-96 text-muted-foreground text-sm">
        {failureReason ? "The server does not answer. Trying again…" : ""}
      </p>
    );
  }
  return (
    <Setup
      options={options}
      loras={loras}
      first={first ?? { prompts: [], seeds: FIRST_SEEDS, variants: firstVariants(loras) }}
      isSending={isSending}
      trouble={trouble}
      onCompare={(plan) => void compare(plan)}
    />
  );
}

function Shown({ id, onEdit }: { id: string; onEdit: (plan: Plan | null) => void }) {
  const state = useComparison(id);
  if (state.kind === "told") return <Result {...state.told} onEdit={onEdit} />;
  if (state.kind === "asking") {
    return (
      <p role="status" className="min-h-96 text-muted-foreground text-sm">
        {state.isLost ? "The server does not answer. Trying again…" : ""}
      </p>
    );
  }
  return (
    <div className="flex flex-col items-start gap-4 rounded-2xl border bg-card p-6">
      <p role="alert" className="text-sm">
        {state.why}
      </p>
      <Button onClick={() => onEdit(null)}>New comparison</Button>
    </div>
  );
}

function Result({ job, axes, onEdit }: Told & { onEdit: (plan: Plan) => void }) {
  return (
    <ZoomStage
      head={
        <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-2 sm:gap-x-4">
          <Button variant="outline" size="sm" onClick={() => onEdit(axes.plan)}>
            <PencilLineIcon aria-hidden />
            Change it
          </Button>
          <Standing job={job} axes={axes} />
        </div>
      }
    >
      <Board job={job} axes={axes} />
    </ZoomStage>
  );
}

function Standing({ job, axes }: { job: Job; axes: Axes }) {
  const count = axes.prompts.length * axes.seeds.length * axes.variants.length;

  async function cancel() {
    try {
      await cancelComparison(job.id);
    } catch (error) {
      notify("error", error instanceof Error ? error.message : String(error));
    }
  }

  if (!isEnded(job)) {
    return (
      <>
        <p role="status" className="text-muted-foreground text-sm tabular-nums">
          {standing(job)}
        </p>
        <progress
          aria-label="Progress"
          value={progressOf(job)}
          className="h-1 w-24 overflow-hidden rounded-full [&::-webkit-progress-bar]:bg-muted [&::-webkit-progress-value]:bg-primary"
        />
        <Button variant="ghost" size="sm" onClick={() => void cancel()}>
          Cancel
        </Button>
      </>
    );
  }
  return (
    <>
      <p role="status" className={cn("text-muted-foreground text-sm", outcome(job) === null && "max-sm:sr-only")}>
        {outcome(job) ?? `${numDone(job)} of ${count} pictures`}
      </p>
      {numDone(job) > 0 && (
        <Button variant="ghost" size="sm" asChild>
          <a href={sheetAddress(job.id)} download={`comparison-${job.id}.jpg`}>
            <DownloadIcon aria-hidden />
            Contact sheet
          </a>
        </Button>
      )}
    </>
  );
}
