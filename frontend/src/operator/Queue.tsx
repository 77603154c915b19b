"use client";
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import type { OperatorQueue, QueuedJob } from "@/api/types";
import { aboutTime } from "@/domain/job-words";
import { Figure, Figures } from "./Figures";
import { wordsOf } from "@/lib/error-text";

const EVERY_MS = 2_000;

/** Who waits, what runs, how fast it goes; asked again every two seconds while it is looked at. */
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
        {queue.failureReason ? wordsOf(queue.failureReason) : ""}
      </p>
    );
  }
  return (
    <section aria-labelledby="queue" className="space-y-5">
      <h2 id="queue" className="sr-only">
        Queue
      </h2>
      {queue.failureReason && (
        <p role="alert" className="text-destructive text-sm">
          {wordsOf(queue.failureReason)} This is how it stood before.
        </p>
      )}
      <Figures>
        <Figure name="Waiting" value={String(data.waiting)} note={data.waiting === 1 ? "job" : "jobs"} />
        <Figure name="Being made" value={String(data.running)} note={data.running === 1 ? "job" : "jobs"} />
        <Figure name="Pictures" value={String(Math.round(data.pictures_per_min))} note="in the last minute" />
        <Figure name="Step" value={data.step_s === null ? "–" : milliseconds(data.step_s)} note={rowsNote(data)} />
      </Figures>
      {data.jobs.length === 0 ? (
        <p className="rounded-3xl border border-dashed px-6 py-12 text-center text-muted-foreground text-sm">
          Nobody waits, and nothing is being made.
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
  return rows === null ? "none taken yet" : `${Math.round(rows * 10) / 10} rows a forward`;
}

function Jobs({ jobs }: { jobs: readonly QueuedJob[] }) {
  return (
    <div className="overflow-hidden rounded-3xl border bg-card">
      <table className="w-full text-sm max-md:block">
        <thead className="text-left text-muted-foreground text-xs max-md:sr-only">
          <tr>
            {["Place", "Owner", "LoRA", "Pictures", "Accepted", "Done in"].map((name) => (
              <th key={name} scope="col" className="px-5 py-3 font-medium last:text-right">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="max-md:block">
          {jobs.map((job) => (
            <tr
              key={job.job_id}
              className="border-t tabular-nums max-md:grid max-md:grid-cols-[1fr_auto] max-md:gap-x-4 max-md:px-5 max-md:py-3"
            >
              <td className="px-5 py-3 max-md:p-0">
                {job.status === "processing" ? <Making job={job} /> : `${job.queue_position} in the queue`}
              </td>
              <td className="max-w-60 truncate px-5 py-3 max-md:col-span-2 max-md:row-start-2 max-md:p-0 max-md:text-muted-foreground">
                {ownerWords(job)}
              </td>
              <td className="px-5 py-3 max-md:p-0 max-md:text-right">{job.model === "base" ? "No LoRA" : job.model}</td>
              <td className="px-5 py-3 max-md:hidden">
                {job.images_completed} of {job.images_total}
              </td>
              <td className="px-5 py-3 max-md:row-start-3 max-md:p-0 max-md:text-muted-foreground">
                {age(job.age_s)} ago
              </td>
              <td className="px-5 py-3 text-right max-md:row-start-3 max-md:p-0">{aboutTime(job.estimated_time)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Making({ job }: { job: QueuedJob }) {
  return (
    <span className="inline-flex items-center gap-2">
      <span aria-hidden className="size-2 animate-pulse rounded-full bg-primary" />
      Being made
      <span className="text-muted-foreground md:hidden">
        {job.images_completed} of {job.images_total}
      </span>
    </span>
  );
}

/** `user:…`, `anon:…` and addresses, as people say them. */
export function ownerWords({ owner, end_user }: Pick<QueuedJob, "owner" | "end_user">): string {
  const [kind, id = ""] = owner.split(/:(.*)/s);
  const words =
    kind === "user" ? `Account ${id.slice(0, 8)}` : kind === "anon" ? `Visitor ${id.slice(0, 6)}` : id || owner;
  return end_user ? `${words} for ${end_user}` : words;
}

export function age(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}
