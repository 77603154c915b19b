"use client";
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import type { OperatorQueue, QueuedJob } from "@/api/types";
import { type Column, Table } from "@/components/ui/table";
import { t, tCount, tNumber } from "@/i18n/t";
import { errorText } from "@/lib/words/error-text";
import { aboutTime } from "@/lib/words/quantities";
import { Figure, Figures } from "./Figures";

const EVERY_MS = 2_000;

/** Waiting and running jobs, and the server's speed; loaded again every two seconds while it is shown. */
export function Queue() {
  const queue = useQuery({
    queryKey: ["operator", "queue"],
    queryFn: () => answer(api.GET("/api/operator/queue")),
    refetchInterval: EVERY_MS,
  });
  const { data } = queue;
  if (!data) {
    return (
      <p role="status" className="min-h-40 text-muted-foreground text-sm">
        {queue.failureReason ? errorText(queue.failureReason) : ""}
      </p>
    );
  }
  return (
    <section aria-labelledby="queue" className="space-y-5">
      <h2 id="queue" className="sr-only">
        {t("Queue")}
      </h2>
      {queue.failureReason && (
        <p role="alert" className="text-destructive text-sm">
          {errorText(queue.failureReason)} {t("The figures below are from before.")}
        </p>
      )}
      <Figures>
        <Figure name={t("Waiting")} value={tNumber(data.waiting)} note={tCount(data.waiting, "job", "jobs")} />
        <Figure name={t("Being made")} value={tNumber(data.running)} note={tCount(data.running, "job", "jobs")} />
        <Figure
          name={t("Pictures")}
          value={tNumber(Math.round(data.pictures_per_min))}
          note={t("in the last minute")}
        />
        <Figure name={t("Step")} value={data.step_s === null ? "–" : milliseconds(data.step_s)} note={rowsNote(data)} />
      </Figures>
      {data.jobs.length === 0 ? (
        <p className="rounded-3xl border border-dashed px-6 py-12 text-center text-muted-foreground text-sm">
          {t("Idle.")}
        </p>
      ) : (
        <Jobs jobs={data.jobs} />
      )}
    </section>
  );
}

export function milliseconds(seconds: number): string {
  return seconds < 10 ? `${Math.round(seconds * 1000)} ms` : `${Math.round(seconds)} s`;
}

function rowsNote({ rows }: OperatorQueue): string {
  return rows === null ? t("none yet") : t("average batch {size}", { size: Math.round(rows * 10) / 10 });
}

const COLUMNS: readonly Column<QueuedJob>[] = [
  {
    name: "Status",
    cell: (job) =>
      job.status === "processing" ? <RunningJob job={job} /> : t("{place} in the queue", { place: job.queue_position }),
  },
  {
    name: "Owner",
    cell: ownerWords,
    className: "max-w-60 truncate max-md:col-span-2 max-md:row-start-2 max-md:text-muted-foreground",
  },
  {
    name: "LoRA",
    cell: ({ model }) => (model === "base" ? t("No LoRA") : model),
    className: "max-md:text-right",
  },
  {
    name: "Pictures",
    cell: (job) => t("{done} of {count}", { done: job.images_completed, count: job.images_total }),
    className: "max-md:hidden",
  },
  {
    name: "Accepted",
    cell: ({ age_s }) => t("{time} ago", { time: age(age_s) }),
    className: "max-md:row-start-3 max-md:text-muted-foreground",
  },
  {
    name: "Time left",
    cell: ({ estimated_time }) => aboutTime(estimated_time),
    isRight: true,
    className: "max-md:row-start-3",
  },
];

function Jobs({ jobs }: { jobs: readonly QueuedJob[] }) {
  return (
    <div className="overflow-hidden rounded-3xl border bg-card">
      <Table
        caption={t("Queue")}
        columns={COLUMNS}
        rows={jobs}
        keyOf={({ job_id }) => job_id}
        className="w-full max-md:block"
        headClassName="max-md:sr-only [&_th]:px-5 [&_th]:py-3"
        bodyClassName="max-md:block"
        rowClassName="border-t max-md:grid max-md:grid-cols-[1fr_auto] max-md:gap-x-4 max-md:px-5 max-md:py-3 md:[&>*]:px-5 md:[&>*]:py-3"
      />
    </div>
  );
}

function RunningJob({ job }: { job: QueuedJob }) {
  return (
    <span className="inline-flex items-center gap-2">
      <span aria-hidden className="size-2 animate-pulse rounded-full bg-primary" />
      {t("Being made")}
      <span className="text-muted-foreground md:hidden">
        {t("{done} of {count}", { done: job.images_completed, count: job.images_total })}
      </span>
    </span>
  );
}

/** `user:…`, `anon:…` and addresses as text for people. */
export function ownerWords({ owner, end_user }: Pick<QueuedJob, "owner" | "end_user">): string {
  const [kind, id = ""] = owner.split(/:(.*)/s);
  const words =
    kind === "user"
      ? t("Account {id}", { id: id.slice(0, 8) })
      : kind === "anon"
        ? t("Visitor {id}", { id: id.slice(0, 6) })
        : id || owner;
  return end_user ? t("{owner} for {user}", { owner: words, user: end_user }) : words;
}

export function age(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${tNumber(Math.round(seconds / 360) / 10)} h`;
}
