"use client";
import type { GenerateRequest } from "@/api/types";
import type { Job } from "@/jobs/job";
import { ChoosingBar } from "./ChoosingBar";
import { Compare, Lightbox } from "./lazy";
import { findPicture } from "./picture";
import { useViewing } from "./viewing";

interface OverlaysProps {
  jobs: readonly Job[];
  onUse: (settings: GenerateRequest) => void;
  onGenerate: (request: GenerateRequest) => void;
}

/** What lies over the page: the lightbox, the comparison, or the way to it. */
export function Overlays({ jobs, onUse, onGenerate }: OverlaysProps) {
  const view = useViewing((viewing) => viewing.view);
  switch (view.kind) {
    case "none":
      return null;
    case "lightbox":
      return <Lightbox id={view.id} onUse={onUse} onGenerate={onGenerate} />;
    case "choosing": {
      const first = findPicture(jobs, view.first);
      return first && <ChoosingBar first={first} />;
    }
    case "comparing": {
      const first = findPicture(jobs, view.first);
      const second = findPicture(jobs, view.second);
      return first && second && <Compare first={first} second={second} />;
    }
  }
}
