"use client";
import { ColumnsIcon, RotateCwIcon, ShuffleIcon } from "lucide-react";
import { useEffect, useMemo } from "react";
import { flushSync } from "react-dom";
import { MadeFrom } from "@/actions/MadeFrom";
import { PanelActs } from "@/actions/PanelActs";
import { useShowResults } from "@/actions/show-results";
import { useLoras, useOptions } from "@/api/catalog";
import { EMPTY } from "@/create/form";
import { useStart } from "@/create/start";
import { type Job, promptOf } from "@/domain/job";
import { findPicture, pictureName, picturesOf, settingsOf, variationsOf } from "@/domain/picture";
import { t } from "@/i18n/t";
import { usePicture } from "@/jobs/pictures";
import { useAgain } from "@/jobs/requests";
import { useStable } from "@/lib/use-stable";
import { DeleteAct, FavoriteAct, ReuseAllAct, ReusePromptAct } from "@/pictures/acts";
import { Act, PictureFacts } from "@/pictures/PictureFacts";
import { PictureStage } from "@/pictures/PictureStage";
import { closePicture, leavePicture } from "@/pictures/picture-address";
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
  const loras = useLoras().data;
  const listed = useStable(useMemo(() => picturesOf(jobs).map(({ output }) => output), [jobs]));
  const { open, compare } = useViewing();
  const { startFrom } = useStart();
  const { mutate: again } = useAgain();
  const showResults = useShowResults();
  const found = findPicture(jobs, id);
  const other = usePicture(found ? null : id);
  const picture = found ?? other;
  const isGone = found === null && other === null;
  useEffect(() => {
    if (isGone) leavePicture(); // an address of a picture that was deleted, or is another visitor's
  }, [isGone]);
  if (!picture) return null;
  const outputs = found ? listed : [picture.output];

  /** Closed first: closing gives the focus back, and what follows may move it. */
  const afterClosing = (act: (settings: Settings) => void, settings: Settings) => {
    flushSync(leavePicture);
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
      onClose={closePicture}
      panel={
        <PictureFacts picture={picture}>
          <FavoriteAct output={picture.output} />
          <ReusePromptAct onClick={() => afterClosing(onUse, { ...EMPTY, prompt: promptOf(picture.job) })} />
          <ReuseAllAct onClick={() => afterClosing(onUse, settingsOf(picture, options, loras))} />
          <DeleteAct outputs={outputs} id={id} onShow={open} onClose={closePicture} />
          <MadeFrom picture={picture} onShow={open} onClose={leavePicture} />
          <PanelActs picture={picture} onStart={startFrom} onClose={leavePicture} />
          <Act
            onClick={() => afterClosing(onGenerate, variationsOf(picture.job, options, loras))}
            icon={<ShuffleIcon aria-hidden />}
          >
            {t("New seeds")}
          </Act>
          <Act
            onClick={() => {
              flushSync(leavePicture);
              again({ job: picture.job, seed: "same" }, { onSuccess: showResults });
            }}
            icon={<RotateCwIcon aria-hidden />}
          >
            {t("Regenerate")}
          </Act>
          {found && outputs.length > 1 && (
            <Act onClick={() => compare(id)} icon={<ColumnsIcon aria-hidden />}>
              {t("Compare")}
            </Act>
          )}
          <div data-stays className="col-span-full">
            <UndoBar isInPanel />
          </div>
        </PictureFacts>
      }
    />
  );
}
