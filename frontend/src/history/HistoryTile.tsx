"use client";
import { CheckIcon, EllipsisIcon, HeartIcon } from "lucide-react";
import { memo, useState } from "react";
import { PopoverTrigger } from "@/components/PopoverTrigger";
import { pictureName, veil } from "@/domain/picture";
import { t } from "@/i18n/t";
import { useFavorite } from "@/jobs/favorites";
import { cn } from "@/lib/cn";
import { ActionList } from "./ActionList";
import type { HistoryPicture } from "./items";
import { useSelection } from "./selection";

interface HistoryTileProps {
  picture: HistoryPicture;
  /** Pixels within the wall, as the width and height. */
  top: number;
  left: number;
  width: number;
  height: number;
  onOpen: (id: string) => void;
  onNear: () => void;
  onChoose: (id: string, isChosen: boolean, isRange: boolean) => void;
}

const ROUND = "grid size-8 place-items-center rounded-full bg-black/55 text-white backdrop-blur-sm hover:bg-black/75";
/** Shown on hover and focus. Without a mouse, the opened picture offers the same. */
const QUIET =
  "opacity-0 group-hover:opacity-100 group-focus-within:opacity-100 transition-opacity [@media(hover:none)]:hidden";

/** One picture of the wall: opens, is chosen, becomes a favorite; all else is in its menu. */
export const HistoryTile = memo(function HistoryTile({
  picture,
  onOpen,
  onNear,
  onChoose,
  ...place
}: HistoryTileProps) {
  const { id, output } = picture;
  const isChosen = useSelection((selection) => selection.chosen.has(id));
  const isChoosing = useSelection((selection) => selection.isChoosing);
  const isFavorite = output.favorite;
  const setFavorite = useFavorite();
  const name = pictureName(picture);
  return (
    <article data-tile={id} aria-label={name} className="group absolute" style={place}>
      <button
        type="button"
        data-picture={id}
        aria-label={isChoosing ? t("Select this picture") : t("Open this picture")}
        onPointerEnter={onNear}
        onFocus={onNear}
        onClick={({ shiftKey }) => (isChoosing ? onChoose(id, !isChosen || shiftKey, shiftKey) : onOpen(id))}
        className="absolute inset-0 overflow-hidden rounded-xl bg-muted"
      >
        <Thumbnail picture={picture} name={name} />
        {isChosen && <span className="absolute inset-0 rounded-xl bg-primary/20 ring-4 ring-primary ring-inset" />}
      </button>
      <span className={cn("absolute top-2 left-2", !isChoosing && QUIET)}>
        <input
          type="checkbox"
          aria-label={t("Select")}
          checked={isChosen}
          onChange={({ target, nativeEvent }) =>
            onChoose(id, target.checked, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)
          }
          className="peer block size-7 cursor-pointer appearance-none rounded-full border-2 border-white bg-black/40 checked:border-primary checked:bg-primary hover:not-checked:bg-black/60"
        />
        <CheckIcon
          aria-hidden
          strokeWidth={3}
          className="pointer-events-none absolute inset-0 m-auto hidden size-4 text-primary-foreground peer-checked:block"
        />
      </span>
      <div className="absolute right-2 bottom-2 flex gap-1.5">
        <PopoverTrigger
          label={t("More")}
          panelLabel={t("What to do with this picture")}
          className={cn(ROUND, QUIET, "aria-expanded:opacity-100")}
          face={<EllipsisIcon aria-hidden className="size-4" />}
        >
          {(close) => <ActionList picture={picture} onDone={close} />}
        </PopoverTrigger>
        <button
          type="button"
          aria-label={t("Favorite")}
          aria-pressed={isFavorite}
          onClick={() => setFavorite({ id, isFavorite: !isFavorite })}
          className={cn(ROUND, !isFavorite && QUIET)}
        >
          <HeartIcon aria-hidden className={cn("size-4", isFavorite && "fill-current")} />
        </button>
      </div>
    </article>
  );
});

function Thumbnail({ picture, name }: { picture: HistoryPicture; name: string }) {
  const { output } = picture;
  const [look, setLook] = useState<"loading" | "there" | "missing">("loading");
  if (look === "missing") {
    return (
      <span className="absolute inset-0 grid place-items-center p-3 text-center text-muted-foreground text-xs">
        {t("Couldn't load this picture.")}
      </span>
    );
  }
  return (
    <img
      src={output.thumbnail_url}
      alt={name}
      width={output.width}
      height={output.height}
      decoding="async"
      draggable={false}
      onLoad={() => setLook("there")}
      onError={() => setLook("missing")}
      className={cn(
        "size-full object-cover transition-opacity duration-300",
        look === "loading" && "opacity-0",
        veil(output),
      )}
    />
  );
}
