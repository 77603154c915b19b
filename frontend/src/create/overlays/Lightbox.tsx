"use client";
import { ColumnsIcon, ShuffleIcon, SlidersHorizontalIcon } from "lucide-react";
import { flushSync } from "react-dom";
import { useShallow } from "zustand/react/shallow";
import type { GenerateRequest } from "@/api/types";
import { useJobs } from "@/jobs/store";
import { Act, PictureFacts } from "@/pictures/PictureFacts";
import { PictureStage } from "@/pictures/PictureStage";
import { findPicture, pictureName, settingsOf, variationsOf } from "@/domain/picture";
import { useViewing } from "./viewing";

interface LightboxProps {
  /** The picture shown. */
  id: string;
  onUse: (settings: GenerateRequest) => void;
  onGenerate: (request: GenerateRequest) => void;
}

/** The pictures of this browser's jobs, one at a time. */
export default function Lightbox({ id, onUse, onGenerate }: LightboxProps) {
  const jobs = useJobs((store) => store.jobs);
  const outputs = useJobs(useShallow((store) => store.jobs.flatMap((job) => job.outputs)));
  const { open, close, compare } = useViewing();
  const picture = findPicture(jobs, id);
  if (!picture) return null;

  /** Closed first: closing gives the focus back, and what follows may move it. */
  const afterClosing = (act: (request: GenerateRequest) => void, request: GenerateRequest) => {
    flushSync(close);
    act(request);
  };
  return (
    <PictureStage
      outputs={outputs}
      id={id}
      nameOf={(shown) => {
        const found = findPicture(jobs, shown);
        return found ? pictureName(found) : "";
      }}
      onShow={open}
      onClose={close}
      panel={
        <PictureFacts picture={picture}>
          <Act
            className="col-span-4 sm:col-span-2"
            onClick={() => afterClosing(onUse, settingsOf(picture))}
            icon={<SlidersHorizontalIcon aria-hidden />}
          >
            Use these settings
          </Act>
          <Act
            className="col-span-2 sm:col-span-1"
            onClick={() => afterClosing(onGenerate, variationsOf(picture.job))}
            icon={<ShuffleIcon aria-hidden />}
          >
            Variations
          </Act>
          {outputs.length > 1 && (
            <Act className="col-span-2 sm:col-span-1" onClick={() => compare(id)} icon={<ColumnsIcon aria-hidden />}>
              Compare
            </Act>
          )}
        </PictureFacts>
      }
    />
  );
}
