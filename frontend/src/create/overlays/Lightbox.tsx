"use client";
import { ColumnsIcon, ShuffleIcon } from "lucide-react";
import { useMemo } from "react";
import { flushSync } from "react-dom";
import { MadeFrom } from "@/actions/MadeFrom";
import { PanelActs } from "@/actions/PanelActs";
import { useOptions } from "@/api/catalog";
import { useStart } from "@/create/start";
import type { Job } from "@/domain/job";
import { findPicture, pictureName, picturesOf, settingsOf, variationsOf } from "@/domain/picture";
import { usePicture } from "@/jobs/pictures";
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

/** The pictures of the jobs, one at a time; or one of another job, that a picture was made from. */
export default function Lightbox({ jobs, id, onUse, onGenerate }: LightboxProps) {
  const options = useOptions().data;
  const listed = useStable(useMemo(() => picturesOf(jobs).map(({ output }) => output), [jobs]));
  const { open, close, compare } = useViewing();
  const { startFrom } = useStart();
  const found = findPicture(jobs, id);
  const other = usePicture(found ? null : id);
  const picture = found ?? other;
  if (!picture) return null;
  const outputs = found ? listed : [picture.output];

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
        return pictureName(findPicture(jobs, shown) ?? picture);
      }}
      onShow={open}
      onClose={close}
      panel={
        <PictureFacts picture={picture}>
          <MadeFrom picture={picture} onShow={open} onClose={close} />
          <UseSettingsAct onClick={() => afterClosing(onUse, settingsOf(picture, options))} />
          <PanelActs picture={picture} onStart={startFrom} onClose={close} />
          <FavoriteAct output={picture.output} />
          <DeleteAct outputs={outputs} id={id} onShow={open} onClose={close} />
          <Act
            onClick={() => afterClosing(onGenerate, variationsOf(picture.job, options))}
            icon={<ShuffleIcon aria-hidden />}
          >
            Variations
          </Act>
          {found && outputs.length > 1 && (
            <Act onClick={() => compare(id)} icon={<ColumnsIcon aria-hidden />}>
              Compare
            </Act>
          )}
          <div className="col-span-full">
            <UndoBar isInPanel />
          </div>
        </PictureFacts>
      }
    />
  );
}
