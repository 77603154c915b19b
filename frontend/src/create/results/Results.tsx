"use client";
import "@/pictures/pictures.css";
import { type ReactNode, useCallback, useMemo, useRef } from "react";
import { isComparison } from "@/domain/job";
import { EVERYTHING } from "@/jobs/history/history-cache";
import { isOnList, noteCleared, useNotes } from "@/jobs/history/list-notes";
import { useHistory } from "@/jobs/history/use-history";
import { lazyPart } from "@/lib/lazy";
import { useStable } from "@/lib/use-stable";
import type { Settings } from "@/settings/settings";
import { Overlays } from "../overlays/Overlays";
import { Announcer } from "./Announcer";
import { DoneSignal } from "./DoneSignal";
import { JobSection } from "./JobSection";
import { splitJobs } from "./sections";

const [Wall] = lazyPart(() => import("./Wall"));

interface ResultsProps {
  /** Puts these settings into the form. */
  onUse: (settings: Settings) => void;
  /** Sends this request now. */
  onGenerate: (request: Settings) => void;
  /** Shown while the list is empty. */
  empty: ReactNode;
}

/** The jobs of the history: the running ones and the newest first, then a wall of earlier pictures. Comparisons have a page
 * of their own; a job removed from this list stays in the history. */
export function Results({ onUse, onGenerate, empty }: ResultsProps) {
  const { history, jobs: all } = useHistory(EVERYTHING);
  const notes = useNotes();
  const jobs = useMemo(() => all.filter((job) => !isComparison(job) && isOnList(job, notes)), [all, notes]);
  const { sections, earlier } = useMemo(() => splitJobs(jobs), [jobs]);
  const wall = useStable(earlier);
  const latest = useRef(all);
  latest.current = all;
  const clear = useCallback(() => noteCleared(latest.current), []);
  const isLoading = history.isPending && !history.failureReason;
  return (
    <>
      <Announcer jobs={jobs} />
      <DoneSignal jobs={jobs} />
      {jobs.length === 0 ? (
        !isLoading && empty
      ) : (
        <div className="space-y-10">
          {sections.map((job) => (
            <JobSection key={job.id} job={job} isNewest={job === jobs[0]} onGenerate={onGenerate} />
          ))}
          {wall.length > 0 && (
            <Wall jobs={wall} hasMore={history.hasNextPage} onMore={history.fetchNextPage} onClear={clear} />
          )}
        </div>
      )}
      <Overlays jobs={jobs} onUse={onUse} onGenerate={onGenerate} />
    </>
  );
}
