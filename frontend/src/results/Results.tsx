"use client";
import "react-photo-album/masonry.css";
import "./results.css";
import { type ReactNode, useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import type { GenerateRequest } from "@/api/types";
import { useJobs } from "@/jobs/store";
import { Announcer } from "./Announcer";
import { JobSection } from "./JobSection";
import { Overlays } from "./Overlays";
import { isAnyLost, splitJobs } from "./sections";
import { Wall } from "./Wall";

interface ResultsProps {
  /** Put these settings into the form. */
  onUse: (settings: GenerateRequest) => void;
  /** Ask for these pictures now. */
  onGenerate: (request: GenerateRequest) => void;
  /** Shown while nothing was made yet. */
  empty: ReactNode;
}

/** Everything this browser asked for: what is being made first, then a wall of what was made earlier. */
export function Results({ onUse, onGenerate, empty }: ResultsProps) {
  const jobs = useJobs((store) => store.jobs);
  const { sections } = useMemo(() => splitJobs(jobs), [jobs]);
  const earlier = useJobs(useShallow((store) => splitJobs(store.jobs).earlier));
  return (
    <>
      <Announcer jobs={jobs} />
      {isAnyLost(jobs) && (
        <p role="alert" className="mb-6 rounded-xl bg-muted px-4 py-3 text-sm">
          The server does not answer. Trying again…
        </p>
      )}
      {jobs.length === 0 ? (
        empty
      ) : (
        <div className="space-y-12">
          {sections.map((job) => (
            <JobSection key={job.id} job={job} isNewest={job === jobs[0]} onGenerate={onGenerate} />
          ))}
          <Wall jobs={earlier} />
        </div>
      )}
      <Overlays jobs={jobs} onUse={onUse} onGenerate={onGenerate} />
    </>
  );
}
