"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import type { Worker } from "@/api/types";
import { Button } from "@/components/ui/button";
import { locale } from "@/i18n/language";
import { t, tName, tNumber } from "@/i18n/t";
import { errorText } from "@/lib/words/error-text";
import { Figure, Figures } from "./Figures";
import { age, milliseconds } from "./Queue";

const EVERY_MS = 3_000;
const KEY = ["operator", "workers"];
const STATES: Readonly<Record<Worker["state"], string>> = {
  loading: "Loading the model",
  ready: "Ready",
  draining: "Draining",
  gone: "Gone",
};

/** The processes that make pictures; loaded again every three seconds while they are shown. */
export function Workers() {
  const { data, failureReason } = useQuery({
    queryKey: KEY,
    queryFn: () => answer(api.GET("/api/operator/workers")),
    refetchInterval: EVERY_MS,
  });
  return (
    <section aria-labelledby="workers" className="space-y-4">
      <h2 id="workers" className="font-medium text-lg">
        {t("Workers")}
      </h2>
      {failureReason && (
        <p role="alert" className="text-destructive text-sm">
          {errorText(failureReason)}
        </p>
      )}
      {data && (
        <Figures>
          <Figure name={t("Workers")} value={tNumber(data.alive)} note={t("loading or ready")} />
          <Figure
            name={t("Wanted")}
            value={tNumber(data.wanted)}
            note={t("{min} to {max}", { min: data.min, max: data.max })}
          />
          <Figure name={t("Waiting work")} value={age(data.queued_gpu_s)} note={t("of one GPU")} />
          <Figure name={t("Work in hand")} value={age(data.held_gpu_s)} note={t("of one GPU")} />
        </Figures>
      )}
      {data?.workers.length === 0 && (
        <p className="rounded-3xl border border-dashed px-6 py-12 text-center text-muted-foreground text-sm">
          {t("No worker is running.")}
        </p>
      )}
      <ul className="space-y-3">
        {data?.workers.map((worker) => (
          <li key={worker.id} className="space-y-3 rounded-3xl border bg-card px-5 py-4">
            <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
              <h3 className="font-medium">{worker.gpu ?? "CPU"}</h3>
              <span className="text-muted-foreground text-sm">{stateWords(worker)}</span>
              <span className="ml-auto flex gap-2">{worker.state !== "gone" && <Orders worker={worker} />}</span>
            </div>
            <dl className="grid grid-cols-[auto_1fr] gap-x-8 gap-y-1 text-sm">
              {facts(worker).map(([name, value]) => (
                <div key={name} className="contents">
                  <dt className="text-muted-foreground">{name}</dt>
                  <dd className="min-w-0 break-words">{value}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Orders({ worker }: { worker: Worker }) {
  const cache = useQueryClient();
  const params = { path: { worker_id: worker.id } };
  const { mutate, isPending, error } = useMutation({
    mutationFn: (jobs: "finish" | "hand_back" | null) =>
      jobs === null
        ? answer(api.DELETE("/api/operator/workers/{worker_id}/drain", { params }))
        : answer(api.POST("/api/operator/workers/{worker_id}/drain", { params, body: { jobs } })),
    onSettled: () => cache.invalidateQueries({ queryKey: KEY }),
  });
  const order = (name: string, jobs: "finish" | "hand_back" | null) => (
    <Button
      variant="outline"
      size="sm"
      aria-label={`${name}: ${worker.id}`}
      aria-disabled={isPending}
      onClick={() => isPending || mutate(jobs)}
    >
      {name}
    </Button>
  );
  return (
    <>
      {error && (
        <span role="alert" className="text-destructive text-sm">
          {errorText(error)}
        </span>
      )}
      {worker.drain !== "finish" && worker.drain !== "hand_back" && order(t("Drain"), "finish")}
      {worker.drain !== "hand_back" && order(t("Hand jobs back"), "hand_back")}
      {worker.drain !== null && order(t("Take jobs again"), null)}
    </>
  );
}

/** What it does now, and what the operator has asked for. */
export function stateWords({ state, drain, jobs, exits }: Worker): string {
  if (state === "gone" || drain === null) return tName(STATES[state]);
  const what =
    jobs.length === 0 ? t("Drained") : drain === "finish" ? t("Finishing its jobs") : t("Handing its jobs back");
  return exits ? t("{what}, then it exits", { what }) : what;
}

export function facts(worker: Worker): [string, string][] {
  const rows: [string, string | null][] = [
    [t("Memory"), memory(worker)],
    [t("LoRAs"), worker.resident_loras.join(", ") || t("none in memory")],
    [
      t("Step"),
      worker.step_s === null
        ? null
        : t("{time}, {rows} rows", {
            time: milliseconds(worker.step_s),
            rows: Math.round((worker.rows ?? 0) * 10) / 10,
          }),
    ],
    [t("Jobs"), worker.jobs.length === 0 ? t("none") : worker.jobs.join(", ")],
    [t("Model"), worker.base_model],
    [t("Version"), worker.version],
    [t("Since"), new Date(worker.started_at).toLocaleString(locale())],
    [t("Heartbeat"), t("{time} ago", { time: age(worker.heartbeat_age_s) })],
    [t("Id"), worker.id],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== null);
}

function memory({ memory_used_bytes: used, memory_total_bytes: total }: Worker): string | null {
  return used === null || total === null ? null : t("{used} of {total} GB used", { used: gb(used), total: gb(total) });
}

function gb(bytes: number): number {
  return Math.round(bytes / 1e8) / 10;
}
