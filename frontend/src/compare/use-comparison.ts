/** A comparison by its job: fetched once, then patched by its events until it has ended. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLoras, useOptions } from "@/api/catalog";
import { type Job, jobOfResult } from "@/domain/job";
import { t } from "@/i18n/t";
import { jobKey } from "@/jobs/history/history-cache";
import { keepUpToDate } from "@/jobs/running";
import { fetchJob } from "@/jobs/stream/fetch-job";
import { type Axes, axesOf } from "./axes";

export interface Loaded {
  readonly job: Job;
  readonly axes: Axes;
}

/** `kind`: not loaded yet, a comparison, or why there is none to show. */
export type Comparison =
  | { kind: "loading"; isLost: boolean }
  | { kind: "loaded"; loaded: Loaded }
  | { kind: "none"; why: string };

export function useComparison(id: string): Comparison {
  const queries = useQueryClient();
  const options = useOptions().data;
  const loras = useLoras().data;
  useEffect(() => keepUpToDate(queries), [queries]);
  const {
    data: job,
    error,
    failureReason,
  } = useQuery({
    queryKey: jobKey(id),
    queryFn: async ({ signal }) => {
      const found = await fetchJob(id, signal);
      return found.kind === "gone" ? null : jobOfResult(found.state, found.result, Date.now());
    },
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
  if (error) return { kind: "none", why: error.message };
  if (job === undefined) return { kind: "loading", isLost: failureReason !== null };
  if (job === null) return { kind: "none", why: t("There is no such comparison here any more.") };
  const axes = axesOf(job, options, loras);
  return axes ? { kind: "loaded", loaded: { job, axes } } : { kind: "none", why: t("This job isn't a comparison.") };
}
