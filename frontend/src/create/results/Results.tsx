"use client";
import "@/pictures/pictures.css";
import { type ReactNode, useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import type { GenerateRequest } from "@/api/types";
import { useJobs } from "@/jobs/store";
import { Announcer } from "./Announcer";
import { JobSection } from "./JobSection";
import { Wall } from "@/create/overlays/lazy";
import { Overlays } from "@/create/overlays/Overlays";
import { splitJobs } from "./sections";

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
      {jobs.length === 0 ? (
        empty
      ) : (
        <div className="space-y-12">
          {sections.map((job) => (
            <JobSection key={job.id} job={job} isNewest={job === jobs[0]} onGenerate={onGenerate} />
          ))}
          {earlier.length > 0 && <Wall jobs={earlier} />}
        </div>
      )}
      <Overlays jobs={jobs} onUse={onUse} onGenerate={onGenerate} />
    </>
  );
}
