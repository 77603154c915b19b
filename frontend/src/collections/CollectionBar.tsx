"use client";
import { DownloadIcon, PencilLineIcon, Trash2Icon } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { Button, buttonLook } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { t } from "@/i18n/t";
import { pictures } from "@/lib/words/quantities";
import { collectionZipAddress, useCollections, useDeleteCollection, useRenameCollection } from "./api";
import { MAX_NAME_CHARACTERS, NAME_FIELD } from "./NewCollection";

interface CollectionBarProps {
  /** The collection that is shown. */
  id: string;
  onDeleted: () => void;
}

/** The name of the collection that is shown, and what can be done with it. */
export function CollectionBar({ id, onDeleted }: CollectionBarProps) {
  const collection = useCollections()?.find((each) => each.id === id);
  const [dialog, setDialog] = useState<"rename" | "delete" | null>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  if (!collection) return null;
  const { name, num_images } = collection;
  const close = () => setDialog(null);
  return (
    <section aria-label={t("Collection {name}", { name })} className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <h2 className="mr-2 min-w-0 break-words font-semibold text-lg">{name}</h2>
      <p className="mr-2 text-muted-foreground text-sm tabular-nums">{pictures(num_images)}</p>
      {num_images > 0 && (
        <a className={buttonLook({ variant: "ghost", size: "sm" })} href={collectionZipAddress(id)} download>
          <DownloadIcon aria-hidden />
          {t("Download as zip")}
        </a>
      )}
      <Button ref={trigger} variant="ghost" size="sm" onClick={() => setDialog("rename")}>
        <PencilLineIcon aria-hidden />
        {t("Rename")}
      </Button>
      <Button variant="ghost" size="sm" onClick={() => setDialog("delete")}>
        <Trash2Icon aria-hidden />
        {t("Delete collection")}
      </Button>
      {dialog && (
        <Dialog open onOpenChange={(isOpen) => isOpen || close()}>
          {dialog === "rename" ? (
            <DialogPanel title={t("Rename collection")} returnFocus={trigger}>
              <Rename id={id} name={name} onDone={close} />
            </DialogPanel>
          ) : (
            <DialogPanel
              title={t("Delete {name}?", { name })}
              description={t("The pictures stay in your history.")}
              returnFocus={trigger}
            >
              <Delete id={id} onCancel={close} onDeleted={onDeleted} />
            </DialogPanel>
          )}
        </Dialog>
      )}
    </section>
  );
}

function Rename({ id, name, onDone }: { id: string; name: string; onDone: () => void }) {
  const [typed, setTyped] = useState(name);
  const { mutate, isPending } = useRenameCollection(id);

  function rename(event: FormEvent) {
    event.preventDefault();
    if (typed.trim() && !isPending) mutate(typed.trim(), { onSuccess: onDone });
  }

  return (
    <form onSubmit={rename} aria-label={t("Rename collection")} className="flex gap-2">
      <input
        aria-label={t("Name")}
        value={typed}
        maxLength={MAX_NAME_CHARACTERS}
        onChange={({ target }) => setTyped(target.value)}
        className={NAME_FIELD}
      />
      <Button type="submit" aria-disabled={!typed.trim() || isPending}>
        {t("Save")}
      </Button>
    </form>
  );
}

function Delete({ id, onCancel, onDeleted }: { id: string; onCancel: () => void; onDeleted: () => void }) {
  const { mutate, isPending } = useDeleteCollection(id);
  return (
    <div className="flex justify-end gap-2 pt-2">
      <Button variant="ghost" onClick={onCancel}>
        {t("Keep it")}
      </Button>
      <Button
        variant="destructive"
        aria-disabled={isPending}
        onClick={() => isPending || mutate(undefined, { onSuccess: onDeleted })}
      >
        {t("Delete collection")}
      </Button>
    </div>
  );
}
