"use client";
import { t } from "@/i18n/t";
import "@/pictures/pictures.css";
import { RotateCwIcon, ShuffleIcon } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { MadeFrom } from "@/actions/MadeFrom";
import { PanelActs } from "@/actions/PanelActs";
import { useLoras, useOptions } from "@/api/catalog";
import { pictureName } from "@/domain/picture";
import { usePicture } from "@/jobs/pictures";
import { DeleteAct, FavoriteAct, ReuseAllAct, ReusePromptAct } from "@/pictures/acts";
import { Act, PictureFacts } from "@/pictures/PictureFacts";
import { PictureStage } from "@/pictures/PictureStage";
import { closePicture, leavePicture, openPicture } from "@/pictures/picture-address";
import { UndoBar } from "@/pictures/UndoBar";
import { formAddress, promptAddress, startAddress, useMakeAgain } from "./actions";
import type { HistoryPicture } from "./items";

interface ViewerProps {
  pictures: readonly HistoryPicture[];
  /** The picture shown. */
  id: string;
}

/** The pictures of the history, one at a time; or another one, that a picture was made from. */
export default function Viewer({ pictures, id }: ViewerProps) {
  const router = useRouter();
  const options = useOptions().data;
  const loras = useLoras().data;
  const makeAgain = useMakeAgain();
  const listed = useMemo(() => pictures.map(({ output }) => output), [pictures]);
  const found = pictures.find((each) => each.id === id);
  const other = usePicture(found ? null : id);
  const picture = found ?? other;
  if (!picture) return null;
  const outputs = found ? listed : [picture.output];
  return (
    <PictureStage
      outputs={outputs}
      id={id}
      nameOf={(shown) => {
        return pictureName(pictures.find((each) => each.id === shown) ?? picture);
      }}
      onShow={openPicture}
      onClose={closePicture}
      panel={
        <PictureFacts picture={picture}>
          <FavoriteAct output={picture.output} />
          <ReusePromptAct onClick={() => router.push(promptAddress(picture))} />
          <ReuseAllAct onClick={() => router.push(formAddress(picture, options, loras))} />
          <DeleteAct outputs={outputs} id={id} onShow={openPicture} onClose={closePicture} />
          <MadeFrom picture={picture} onShow={openPicture} onClose={leavePicture} />
          <PanelActs
            picture={picture}
            onStart={(start) => router.push(startAddress(start, options, loras))}
            onClose={leavePicture}
          />
          <Act onClick={() => makeAgain(picture, "new")} icon={<ShuffleIcon aria-hidden />}>
            {t("New seeds")}
          </Act>
          <Act onClick={() => makeAgain(picture, "same")} icon={<RotateCwIcon aria-hidden />}>
            {t("Regenerate")}
          </Act>
          <div data-stays className="col-span-full">
            <UndoBar isInPanel />
          </div>
        </PictureFacts>
      }
    />
  );
}
