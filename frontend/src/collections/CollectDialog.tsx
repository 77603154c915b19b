"use client";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { t } from "@/i18n/t";
import { pictures } from "@/lib/words/quantities";
import { useCollect, useCollections, useHolding } from "./api";
import { NewCollection } from "./NewCollection";

interface CollectDialogProps {
  /** Pictures; at least one. */
  ids: readonly string[];
  onClose: () => void;
}

/** Puts pictures into collections, and takes them out. */
export default function CollectDialog({ ids, onClose }: CollectDialogProps) {
  const [only, ...others] = ids;
  const isOne = others.length === 0;
  const collections = useCollections();
  const holding = useHolding(isOne ? only : undefined);
  const [changed, setChanged] = useState<ReadonlyMap<string, boolean>>(new Map());
  const { mutate, isPending } = useCollect();
  const isIn = (id: string) => changed.get(id) ?? holding?.has(id) ?? false;

  function set(id: string, next: boolean) {
    const note = (value: boolean) => setChanged((before) => new Map(before).set(id, value));
    note(next);
    mutate({ id, ids, isIn: next }, { onError: () => note(!next) });
  }

  return (
    <Dialog open onOpenChange={(isOpen) => isOpen || onClose()}>
      <DialogPanel
        title={t("Add to collection")}
        description={
          isOne ? t("A picture can be in several.") : t("{pictures} together.", { pictures: pictures(ids.length) })
        }
        className="max-h-[88dvh]"
      >
        {collections && collections.length > 0 && (
          <ul aria-label={t("Collections")} className="-mx-2 mb-4 max-h-72 overflow-y-auto">
            {collections.map(({ id, name, num_images, cover_url }) => (
              <li key={id}>
                <label className="flex min-h-11 cursor-pointer items-center gap-3 rounded-xl px-2 py-1.5 text-sm hover:bg-muted">
                  <input
                    type="checkbox"
                    checked={isIn(id)}
                    onChange={({ target }) => set(id, target.checked)}
                    className="size-4 shrink-0 accent-primary"
                  />
                  <span className="size-9 shrink-0 overflow-hidden rounded-lg bg-muted">
                    {cover_url && <img src={cover_url} alt="" className="size-full object-cover" />}
                  </span>
                  <span className="min-w-0 flex-1 truncate">{name}</span>
                  <span className="text-muted-foreground text-xs tabular-nums">{num_images}</span>
                </label>
              </li>
            ))}
          </ul>
        )}
        <NewCollection onMade={(id) => set(id, true)} />
        <Button className="mt-4 w-full" aria-busy={isPending} onClick={onClose}>
          {t("Done")}
        </Button>
      </DialogPanel>
    </Dialog>
  );
}
