"use client";
import "@/pictures/pictures.css";
import { RotateCwIcon, ShuffleIcon } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { useOptions } from "@/api/catalog";
import { pictureName } from "@/domain/picture";
import { DeleteAct, FavoriteAct, UseSettingsAct } from "@/pictures/acts";
import { Act, PictureFacts } from "@/pictures/PictureFacts";
import { PictureStage } from "@/pictures/PictureStage";
import { UndoBar } from "@/pictures/UndoBar";
import { formAddress, useMakeAgain } from "./actions";
import type { HistoryPicture } from "./items";

interface ViewerProps {
  pictures: readonly HistoryPicture[];
  /** The picture shown. */
  id: string;
  onShow: (id: string) => void;
  onClose: () => void;
}

/** The pictures of the history, one at a time. */
export default function Viewer({ pictures, id, onShow, onClose }: ViewerProps) {
  const router = useRouter();
  const options = useOptions().data;
  const makeAgain = useMakeAgain();
  const outputs = useMemo(() => pictures.map(({ output }) => output), [pictures]);
  const picture = pictures.find((each) => each.id === id);
  if (!picture) return null;
  return (
    <PictureStage
      outputs={outputs}
      id={id}
      nameOf={(shown) => {
        const named = pictures.find((each) => each.id === shown);
        return named ? pictureName(named) : "";
      }}
      onShow={onShow}
      onClose={onClose}
      panel={
        <PictureFacts picture={picture}>
          <FavoriteAct output={picture.output} />
          <DeleteAct outputs={outputs} id={id} onShow={onShow} onClose={onClose} />
          <Act onClick={() => makeAgain(picture, "new")} icon={<ShuffleIcon aria-hidden />}>
            Variations
          </Act>
          <Act onClick={() => makeAgain(picture, "same")} icon={<RotateCwIcon aria-hidden />}>
            Make again
          </Act>
          <UseSettingsAct onClick={() => router.push(formAddress(picture, options))} />
          <div className="col-span-4 lg:col-span-2">
            <UndoBar isInPanel />
          </div>
        </PictureFacts>
      }
    />
  );
}
