"use client";
import { HeartIcon, SlidersHorizontalIcon, TextCursorInputIcon, Trash2Icon } from "lucide-react";
import type { Image } from "@/domain/job";
import { t } from "@/i18n/t";
import { useDelete } from "@/jobs/deletions";
import { useFavorite } from "@/jobs/favorites";
import { cn } from "@/lib/cn";
import { Act } from "./PictureFacts";

export function FavoriteAct({ output }: { output: Image }) {
  const setFavorite = useFavorite();
  const { id, favorite } = output;
  return (
    <Act
      shortcut="f"
      isPressed={favorite}
      onClick={() => setFavorite({ id, isFavorite: !favorite })}
      icon={<HeartIcon aria-hidden className={cn(favorite && "fill-primary text-primary")} />}
    >
      {t("Favorite")}
    </Act>
  );
}

interface DeleteActProps {
  /** All pictures that can be turned to. */
  outputs: readonly Image[];
  /** The picture shown. */
  id: string;
  onShow: (id: string) => void;
  onClose: () => void;
}

/** Shows the next picture, else the one before; closes the viewer if there is none. */
export function DeleteAct({ outputs, id, onShow, onClose }: DeleteActProps) {
  const remove = useDelete();

  function act() {
    const at = outputs.findIndex((output) => output.id === id);
    const next = outputs[at + 1] ?? outputs[at - 1];
    if (next) onShow(next.id);
    else onClose();
    remove([id]);
  }

  return (
    <Act shortcut="Delete" onClick={act} icon={<Trash2Icon aria-hidden />}>
      {t("Delete")}
    </Act>
  );
}

export function ReusePromptAct({ onClick }: { onClick: () => void }) {
  return (
    <Act onClick={onClick} icon={<TextCursorInputIcon aria-hidden />}>
      {t("Reuse prompt")}
    </Act>
  );
}

/** The seed too: the same picture again. */
export function ReuseAllAct({ onClick }: { onClick: () => void }) {
  return (
    <Act onClick={onClick} icon={<SlidersHorizontalIcon aria-hidden />}>
      {t("Reuse everything")}
    </Act>
  );
}
