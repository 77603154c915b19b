"use client";
import { LoaderCircleIcon } from "lucide-react";
import { Floating } from "@/components/Floating";
import { isAnyLost, type Job } from "@/domain/job";
import { findPicture } from "@/domain/picture";
import { UndoBar } from "@/pictures/UndoBar";
import type { Settings } from "@/settings/settings";
import { ChoosingBar } from "./ChoosingBar";
import { Compare, Lightbox } from "./lazy";
import { useViewing } from "./viewing";

interface OverlaysProps {
  jobs: readonly Job[];
  onUse: (settings: Settings) => void;
  onGenerate: (request: Settings) => void;
}

/** Overlays of the create page: the lightbox, the comparison or the bar that leads to it; else the undo bar and the notice
 * that the server is unreachable. */
export function Overlays({ jobs, onUse, onGenerate }: OverlaysProps) {
  const view = useViewing((viewing) => viewing.view);
  switch (view.kind) {
    case "none":
      return isAnyLost(jobs) ? <LostNote /> : <UndoBar />;
    case "lightbox":
      return <Lightbox jobs={jobs} id={view.id} onUse={onUse} onGenerate={onGenerate} />;
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

function LostNote() {
  return (
    <Floating role="alert" className="px-4 py-2.5">
      <LoaderCircleIcon aria-hidden className="size-4 animate-spin text-muted-foreground" />
      The server does not answer. Trying again…
    </Floating>
  );
}
