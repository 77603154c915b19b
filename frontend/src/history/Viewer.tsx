"use client";
import "@/pictures/pictures.css";
import { HeartIcon, RotateCwIcon, ShuffleIcon, SlidersHorizontalIcon, Trash2Icon } from "lucide-react";
import { useMemo } from "react";
import { useOptions } from "@/api/catalog";
import { cn } from "@/lib/cn";
import { Act, PictureFacts } from "@/pictures/PictureFacts";
import { PictureStage } from "@/pictures/PictureStage";
import { pictureName } from "@/domain/picture";
import { formAddress, makeAgain } from "./actions";
import { useDeletions } from "@/jobs/deletions";
import type { HistoryPicture } from "./items";
import { useMarks } from "./selection";
import { UndoBar } from "@/pictures/UndoBar";

interface ViewerProps {
  pictures: readonly HistoryPicture[];
  /** The picture shown. */
  id: string;
  onShow: (id: string) => void;
  onClose: () => void;
}

/** The pictures of the history, one at a time. */
export default function Viewer({ pictures, id, onShow, onClose }: ViewerProps) {
  const outputs = useMemo(() => pictures.map(({ output }) => output), [pictures]);
  const at = pictures.findIndex((picture) => picture.id === id);
  const picture = pictures[at];
  if (!picture) return null;

  /** Goes on to the next picture, else the one before; without one there is nothing to look at. */
  function remove() {
    const next = pictures[at + 1] ?? pictures[at - 1];
    if (next) onShow(next.id);
    else onClose();
    useDeletions.getState().remove([id]);
  }

  return (
    <PictureStage
      outputs={outputs}
      id={id}
      nameOf={(shown) => {
        const found = pictures.find((each) => each.id === shown);
        return found ? pictureName(found) : "";
      }}
      onShow={onShow}
      onClose={onClose}
      panel={
        <PictureFacts picture={picture}>
          <Acts picture={picture} onRemove={remove} />
          <div className="col-span-4 lg:col-span-2">
            <UndoBar isInPanel />
          </div>
        </PictureFacts>
      }
    />
  );
}

function Acts({ picture, onRemove }: { picture: HistoryPicture; onRemove: () => void }) {
  const { id, output } = picture;
  const options = useOptions().data;
  const isFavorite = useMarks((marks) => marks.favorites.get(id)) ?? output.favorite;
  const setFavorite = useMarks((marks) => marks.setFavorite);
  return (
    <>
      <Act
        className="col-span-2 lg:col-span-1"
        isPressed={isFavorite}
        onClick={() => void setFavorite(id, !isFavorite)}
        icon={<HeartIcon aria-hidden className={cn(isFavorite && "fill-primary text-primary")} />}
      >
        Favorite
      </Act>
      <Act className="col-span-2 lg:col-span-1" onClick={onRemove} icon={<Trash2Icon aria-hidden />}>
        Delete
      </Act>
      <Act
        className="col-span-2 lg:col-span-1"
        onClick={() => void makeAgain(picture, "new")}
        icon={<ShuffleIcon aria-hidden />}
      >
        Variations
      </Act>
      <Act
        className="col-span-2 lg:col-span-1"
        onClick={() => void makeAgain(picture, "same")}
        icon={<RotateCwIcon aria-hidden />}
      >
        Make again
      </Act>
      <Act
        className="col-span-4 lg:col-span-2"
        onClick={() => window.location.assign(formAddress(picture, options))}
        icon={<SlidersHorizontalIcon aria-hidden />}
      >
        Use these settings
      </Act>
    </>
  );
}
