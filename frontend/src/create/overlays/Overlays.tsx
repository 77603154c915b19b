"use client";
import { LoaderCircleIcon } from "lucide-react";
import { Dialogs } from "@/actions/Dialogs";
import { Floating } from "@/components/Floating";
import { isAnyLost, type Job } from "@/domain/job";
import { findPicture } from "@/domain/picture";
import { t } from "@/i18n/t";
import { useOpenPicture, usePictureAddress } from "@/pictures/picture-address";
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
 * that the server is unreachable. Over them, the dialogs about one picture. */
export function Overlays(props: OverlaysProps) {
  return (
    <>
      <View {...props} />
      <Dialogs />
    </>
  );
}

function View({ jobs, onUse, onGenerate }: OverlaysProps) {
  const { view, close } = useViewing();
  const id = useOpenPicture((open) => open.id);
  usePictureAddress();
  if (id !== null) return <Lightbox jobs={jobs} id={id} onUse={onUse} onGenerate={onGenerate} />;
  switch (view.kind) {
    case "none":
      return isAnyLost(jobs) ? <LostNote /> : <UndoBar />;
    case "choosing": {
      const first = findPicture(jobs, view.first);
      return first && <ChoosingBar first={first} />;
    }
    case "comparing": {
      const first = findPicture(jobs, view.first);
      const second = findPicture(jobs, view.second);
      return first && second && <Compare first={first} second={second} onClose={close} />;
    }
  }
}

function LostNote() {
  return (
    <Floating role="alert" className="px-4 py-2.5">
      <LoaderCircleIcon aria-hidden className="size-4 animate-spin text-muted-foreground" />
      {t("Can't reach the server. Trying again…")}
    </Floating>
  );
}
