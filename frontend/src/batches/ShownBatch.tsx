"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { DownloadIcon, RotateCcwIcon } from "lucide-react";
import { useRef, useState } from "react";
import { answer, api } from "@/api/client";
import type { Batch, BatchLine } from "@/api/types";
import { Button, buttonLook } from "@/components/ui/button";
import { veil } from "@/domain/picture";
import { t, tCount, tName } from "@/i18n/t";
import { cn } from "@/lib/cn";
import { aboutTime } from "@/lib/words/quantities";
import { batchFile } from "./api";

const POLL_MS = 1500;

/** A batch while it fills, and afterwards. */
export function ShownBatch({ id }: { id: string }) {
  const path = { params: { path: { batch_id: id } } };
  const { data: batch, error } = useQuery({
    queryKey: ["batch", id],
    queryFn: ({ signal }) => answer(api.GET("/api/batches/{batch_id}", { ...path, signal })),
    refetchInterval: (query) => (query.state.data?.status === "running" ? POLL_MS : false),
  });
  if (!batch) {
    return (
      <p role="status" className="min-h-40 text-muted-foreground text-sm">
        {error?.message ?? ""}
      </p>
    );
  }
  return (
    <>
      <Head batch={batch} />
      <Lines batch={batch} />
    </>
  );
}

function Head({ batch }: { batch: Batch }) {
  const queries = useQueryClient();
  const path = { params: { path: { batch_id: batch.batch_id } } };
  const show = (state: Batch) => queries.setQueryData(["batch", batch.batch_id], state);
  const cancel = useMutation({
    mutationFn: () => answer(api.DELETE("/api/batches/{batch_id}", path)),
    onSuccess: show,
  });
  const retry = useMutation({
    mutationFn: () => answer(api.POST("/api/batches/{batch_id}/retry", path)),
    onSuccess: show,
  });
  const isRunning = batch.status === "running";
  return (
    <section aria-labelledby="batch" className="space-y-4 rounded-2xl border bg-card p-5 sm:p-6">
      <div className="space-y-1">
        <h2 id="batch" className="break-words font-semibold text-lg">
          {batch.name}
        </h2>
        <p role="status" className="text-muted-foreground text-sm tabular-nums">
          {stateWords(batch)}
        </p>
        {batch.detail && <p className="text-sm">{t("It waits: {reason}.", { reason: batch.detail })}</p>}
      </div>
      <progress
        aria-label={t("Progress")}
        value={batch.progress}
        className="block h-2 w-full overflow-hidden rounded-full [&::-webkit-progress-bar]:bg-muted [&::-webkit-progress-value]:bg-primary"
      />
      <div className="flex flex-wrap gap-2">
        {batch.images_completed > 0 && (
          <>
            <a className={buttonLook({ size: "sm" })} href={batchFile(batch.batch_id, "zip")} download>
              <DownloadIcon aria-hidden />
              {t("Download all")}
            </a>
            <a
              className={buttonLook({ variant: "outline", size: "sm" })}
              href={batchFile(batch.batch_id, "manifest")}
              download
            >
              {t("List (CSV)")}
            </a>
          </>
        )}
        {batch.counts.failed !== undefined && batch.counts.failed > 0 && (
          <Button variant="outline" size="sm" aria-disabled={retry.isPending} onClick={() => retry.mutate()}>
            <RotateCcwIcon aria-hidden />
            {t("Retry failed")}
          </Button>
        )}
        {isRunning && (
          <Button variant="ghost" size="sm" aria-disabled={cancel.isPending} onClick={() => cancel.mutate()}>
            {t("Cancel")}
          </Button>
        )}
      </div>
    </section>
  );
}

function stateWords({ status, counts, images_completed, images_total, estimated_time }: Batch): string {
  const failed = counts.failed ? ` · ${t("{count} failed", { count: counts.failed })}` : "";
  const cancelled = counts.cancelled ? ` · ${t("{count} cancelled", { count: counts.cancelled })}` : "";
  const done = tCount(images_total, "{done} of 1 picture", "{done} of {count} pictures", { done: images_completed });
  const made = `${done}${failed}${cancelled}`;
  return status === "running" ? `${made} · ${t("{time} left", { time: aboutTime(estimated_time) })}` : made;
}

/** A page of lines, with their pictures. */
function Lines({ batch }: { batch: Batch }) {
  const [starts, setStarts] = useState<readonly number[]>([0]);
  const after = starts.at(-1) ?? 0;
  const top = useRef<HTMLElement>(null);
  function turnTo(pages: readonly number[]) {
    setStarts(pages);
    top.current?.scrollIntoView();
  }
  const { data } = useQuery({
    // the counts change with each line that ends: the last look comes after the end
    queryKey: ["batch-lines", batch.batch_id, after, batch.images_completed, batch.status],
    queryFn: ({ signal }) => {
      const params = { path: { batch_id: batch.batch_id }, query: { after } };
      return answer(api.GET("/api/batches/{batch_id}/lines", { params, signal }));
    },
    placeholderData: (before) => before,
  });
  if (!data) return null;
  const next = data.next_after;
  return (
    <section ref={top} aria-label={t("Lines")} className="space-y-3">
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {data.items.map((line) => (
          <Line key={line.line} line={line} />
        ))}
      </ul>
      {(starts.length > 1 || next !== null) && (
        <div className="flex justify-between">
          <Button
            variant="outline"
            size="sm"
            aria-disabled={starts.length === 1}
            onClick={() => starts.length > 1 && turnTo(starts.slice(0, -1))}
          >
            {t("Earlier lines")}
          </Button>
          <Button
            variant="outline"
            size="sm"
            aria-disabled={next === null}
            onClick={() => next !== null && turnTo([...starts, next])}
          >
            {t("Later lines")}
          </Button>
        </div>
      )}
    </section>
  );
}

function Line({ line }: { line: BatchLine }) {
  const [first] = line.images;
  return (
    <li className="min-w-0 space-y-1.5">
      {first ? (
        <a href={first.url} className="block overflow-hidden rounded-xl">
          <img
            src={first.thumbnail_url}
            alt={t("Line {line}: {prompt}", { line: line.line, prompt: line.prompt })}
            loading="lazy"
            className={cn("aspect-square w-full bg-muted object-cover", veil(first))}
          />
        </a>
      ) : (
        <p className="grid aspect-square place-items-center rounded-xl bg-muted p-2 text-center text-muted-foreground text-xs">
          {line.error?.detail ?? tName(line.status)}
        </p>
      )}
      <p className="line-clamp-2 break-words text-xs" title={line.prompt}>
        <span className="text-muted-foreground tabular-nums">{line.line}</span> {line.prompt}
        {line.images.length > 1 && <span className="text-muted-foreground"> · {line.images.length}</span>}
      </p>
    </li>
  );
}
