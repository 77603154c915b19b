"use client";
import { SquareSplitHorizontalIcon } from "lucide-react";
import { flushSync } from "react-dom";
import { Button } from "@/components/ui/button";
import { promptOf } from "@/domain/job";
import { type Picture, pictureName, sourceOf, veil } from "@/domain/picture";
import { t } from "@/i18n/t";
import { usePicture } from "@/jobs/pictures";
import { cn } from "@/lib/cn";
import { usePictureDialog } from "./dialog";

interface MadeFromProps {
  picture: Picture;
  onShow: (id: string) => void;
  onClose: () => void;
}

/** The picture that this one was made from, while it is there. */
export function MadeFrom({ picture, onShow, onClose }: MadeFromProps) {
  const before = usePicture(sourceOf(picture));
  const open = usePictureDialog((dialogs) => dialogs.open);
  if (!before) return null;
  return (
    <div className="col-span-full flex low:flex-wrap items-center gap-2">
      <button
        type="button"
        aria-label={`${t("Made from")} ${pictureName(before)}`}
        onClick={() => onShow(before.output.id)}
        className="flex min-h-11 min-w-28 flex-1 items-center gap-3 rounded-xl p-1 text-left text-sm hover:bg-muted"
      >
        <img
          src={before.output.thumbnail_url}
          alt=""
          className={cn("size-10 shrink-0 rounded-lg bg-muted object-cover", veil(before.output))}
        />
        <span className="min-w-0">
          <span className="block text-muted-foreground text-xs">{t("Made from")}</span>
          <span className="block truncate">{promptOf(before.job)}</span>
        </span>
      </button>
      <Button
        variant="secondary"
        size="sm"
        className="pointer-coarse:h-11"
        onClick={() => {
          flushSync(onClose);
          open({ kind: "before and after", picture, before });
        }}
      >
        <SquareSplitHorizontalIcon aria-hidden />
        {t("Before and after")}
      </Button>
    </div>
  );
}
