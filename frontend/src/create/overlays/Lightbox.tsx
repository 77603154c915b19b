"use client";
import { ColumnsIcon, ShuffleIcon } from "lucide-react";
import { useMemo } from "react";
import { flushSync } from "react-dom";
import { useOptions } from "@/api/catalog";
import type { Job } from "@/domain/job";
import { findPicture, pictureName, picturesOf, settingsOf, variationsOf } from "@/domain/picture";
import { useStable } from "@/lib/use-stable";
import { DeleteAct, FavoriteAct, UseSettingsAct } from "@/pictures/acts";
import { Act, PictureFacts } from "@/pictures/PictureFacts";
import { PictureStage } from "@/pictures/PictureStage";
import { UndoBar } from "@/pictures/UndoBar";
import type { Settings } from "@/settings/settings";
import { useViewing } from "./viewing";

interface LightboxProps {
  jobs: readonly Job[];
  /** The picture shown. */
  id: string;
  onUse: (settings: Settings) => void;
  onGenerate: (request: Settings) => void;
}

/** The pictures of the jobs, one at a time. */
export default function Lightbox({ jobs, id, onUse, onGenerate }: LightboxProps) {
  const options = useOptions().data;
  const outputs = useStable(useMemo(() => picturesOf(jobs).map(({ output }) => output), [jobs]));
  const { open, close, compare } = useViewing();
  const picture = findPicture(jobs, id);
  if (!picture) return null;

  /** Closed first: closing gives the focus back, and what follows may move it. */
  const afterClosing = (act: (settings: Settings) => void, settings: Settings) => {
    flushSync(close);
    act(settings);
  };
  return (
    <PictureStage
      outputs={outputs}
      id={id}
      nameOf={(shown) => {
        const named = findPicture(jobs, shown);
        return named ? pictureName(named) : "";
      }}
      onShow={open}
      onClose={close}
      panel={
        <PictureFacts picture={picture}>
          <UseSettingsAct onClick={() => afterClosing(onUse, settingsOf(picture, options))} />
          <FavoriteAct output={picture.output} />
          <DeleteAct outputs={outputs} id={id} onShow={open} onClose={close} />
          <Act
            onClick={() => afterClosing(onGenerate, variationsOf(picture.job, options))}
            icon={<ShuffleIcon aria-hidden />}
          >
            Variations
          </Act>
          {outputs.length > 1 && (
            <Act onClick={() => compare(id)} icon={<ColumnsIcon aria-hidden />}>
              Compare
            </Act>
          )}
          <div className="col-span-4 lg:col-span-2">
            <UndoBar isInPanel />
          </div>
        </PictureFacts>
      }
    />
  );
}
