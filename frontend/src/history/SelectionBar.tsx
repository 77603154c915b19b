"use client";
import { DownloadIcon, FolderMinusIcon, FolderPlusIcon, LoaderCircleIcon, Trash2Icon, XIcon } from "lucide-react";
import { useEffect } from "react";
import { usePictureDialog } from "@/actions/dialog";
import { useCollect } from "@/collections/api";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";
import { useDelete } from "@/jobs/deletions";
import { useZip } from "./actions";
import type { HistoryPicture } from "./items";
import { useSelection } from "./selection";

/** Of one zip, by the API. */
const MAX_ZIPPED = 500;

interface SelectionBarProps {
  pictures: readonly HistoryPicture[];
  /** The id of the collection that is shown; empty: none. */
  collection: string;
}

/** Actions on all chosen pictures. Chosen pictures that are not listed any more do not count. */
export function SelectionBar({ pictures, collection }: SelectionBarProps) {
  const open = usePictureDialog((dialogs) => dialogs.open);
  const { mutate: collect } = useCollect();
  const { chosen, isChoosing, stopChoosing } = useSelection();
  const remove = useDelete();
  const { mutate: zip, isPending: isZipping } = useZip();
  const ids = chosen.size === 0 ? [] : pictures.flatMap(({ id }) => (chosen.has(id) ? [id] : []));

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) stopChoosing();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [stopChoosing]);

  if (!isChoosing) return null;
  const isNone = ids.length === 0;
  const isTooMany = ids.length > MAX_ZIPPED;
  const canZip = !(isNone || isTooMany || isZipping);
  return (
    <section
      aria-label={t("Selected pictures")}
      className="fade-in-0 slide-in-from-bottom-4 fixed inset-x-4 bottom-6 z-[805] mx-auto flex w-fit max-w-full animate-in items-center gap-1 rounded-full border bg-popover py-1.5 pr-1.5 pl-4 text-popover-foreground text-sm shadow-black/15 shadow-xl"
    >
      <span role="status" className="mr-2 whitespace-nowrap tabular-nums">
        {isNone ? t("Select pictures") : t("{count} selected", { count: ids.length })}
      </span>
      <Button
        variant="secondary"
        size="sm"
        aria-disabled={!canZip}
        title={isTooMany ? t("At most {count} at a time", { count: MAX_ZIPPED }) : undefined}
        onClick={canZip ? () => zip(ids) : undefined}
      >
        {isZipping ? <LoaderCircleIcon aria-hidden className="animate-spin" /> : <DownloadIcon aria-hidden />}
        <span className="max-sm:sr-only">{t("Download as zip")}</span>
      </Button>
      <Button
        variant="secondary"
        size="sm"
        aria-disabled={isNone}
        onClick={() => isNone || open({ kind: "collect", ids })}
      >
        <FolderPlusIcon aria-hidden />
        <span className="max-sm:sr-only">{t("Add to collection")}</span>
      </Button>
      {collection && (
        <Button
          variant="secondary"
          size="sm"
          aria-disabled={isNone}
          onClick={() => {
            if (isNone) return;
            collect({ id: collection, ids, isIn: false });
            stopChoosing();
          }}
        >
          <FolderMinusIcon aria-hidden />
          <span className="max-sm:sr-only">{t("Take out")}</span>
        </Button>
      )}
      <Button
        variant="secondary"
        size="sm"
        aria-disabled={isNone}
        onClick={() => {
          if (isNone) return;
          remove(ids);
          stopChoosing();
        }}
      >
        <Trash2Icon aria-hidden />
        <span className="max-sm:sr-only">{t("Delete")}</span>
      </Button>
      <Button variant="ghost" size="icon-sm" aria-label={t("Stop selecting")} onClick={stopChoosing}>
        <XIcon aria-hidden />
      </Button>
    </section>
  );
}
