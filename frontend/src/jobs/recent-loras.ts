/** The LoRAs of the visitor's loaded pictures. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Job } from "@/domain/job";
import { picturesOf } from "@/domain/picture";
import { cachedJobs } from "@/jobs/history/history-cache";

/** As of the first render: label, most recently used first, to the address of a small picture made with it. */
export function useRecentLoras(): ReadonlyMap<string, string> {
  const queries = useQueryClient();
  const [recent] = useState(() => recentLoras(cachedJobs(queries)));
  return recent;
}

/** `jobs` newest first. The newest favorite stands for a LoRA, else the newest picture. */
export function recentLoras(jobs: readonly Job[]): ReadonlyMap<string, string> {
  const pictures = picturesOf(jobs).filter(({ job }) => job.metadata && job.metadata.model !== "base");
  const labelOf = ({ job }: { job: Job }) => job.metadata?.model ?? "";
  const labels = [...new Set(pictures.map(labelOf))];
  return new Map(
    labels.flatMap((label) => {
      const made = pictures.filter((picture) => labelOf(picture) === label);
      const shown = made.find(({ output }) => output.favorite) ?? made[0];
      return shown ? [[label, shown.output.thumbnail_url] as const] : [];
    }),
  );
}
