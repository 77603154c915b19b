"use client";
import "@/pictures/pictures.css";
import { RotateCwIcon, ShuffleIcon } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { MadeFrom } from "@/actions/MadeFrom";
import { PanelActs } from "@/actions/PanelActs";
import { useOptions } from "@/api/catalog";
import { pictureName } from "@/domain/picture";
import { usePicture } from "@/jobs/pictures";
import { DeleteAct, FavoriteAct, UseSettingsAct } from "@/pictures/acts";
import { Act, PictureFacts } from "@/pictures/PictureFacts";
import { PictureStage } from "@/pictures/PictureStage";
import { UndoBar } from "@/pictures/UndoBar";
import { formAddress, startAddress, useMakeAgain } from "./actions";
import type { HistoryPicture } from "./items";

interface ViewerProps {
  pictures: readonly HistoryPicture[];
  /** The picture shown. */
  id: string;
  onShow: (id: string) => void;
  onClose: () => void;
}

/** The pictures of the history, one at a time; or another one, that a picture was made from. */
export default function Viewer({ pictures, id, onShow, onClose }: ViewerProps) {
  const router = useRouter();
  const options = useOptions().data;
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
      onShow={onShow}
      onClose={onClose}
      panel={
        <PictureFacts picture={picture}>
          <MadeFrom picture={picture} onShow={onShow} onClose={onClose} />
          <PanelActs
            picture={picture}
            onStart={(start) => router.push(startAddress(start, options))}
            onClose={onClose}
          />
          <FavoriteAct output={picture.output} />
          <DeleteAct outputs={outputs} id={id} onShow={onShow} onClose={onClose} />
          <Act onClick={() => makeAgain(picture, "new")} icon={<ShuffleIcon aria-hidden />}>
            Variations
          </Act>
          <Act onClick={() => makeAgain(picture, "same")} icon={<RotateCwIcon aria-hidden />}>
            Make again
          </Act>
          <UseSettingsAct onClick={() => router.push(formAddress(picture, options))} />
          <div className="col-span-full">
            <UndoBar isInPanel />
          </div>
        </PictureFacts>
      }
    />
  );
}
