"use client";
import { PlusIcon } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";
import { useCreateCollection } from "./api";

export const MAX_NAME_CHARACTERS = 100;
export const NAME_FIELD =
  "h-10 min-w-0 flex-1 rounded-xl border border-input bg-card px-3 text-base placeholder:text-muted-foreground sm:text-sm";

/** Makes a collection by its name. */
export function NewCollection({ onMade }: { onMade: (id: string) => void }) {
  const [name, setName] = useState("");
  const { mutate, isPending } = useCreateCollection();

  function create(event: FormEvent) {
    event.preventDefault();
    if (!name.trim() || isPending) return;
    mutate(name.trim(), {
      onSuccess({ id }) {
        setName("");
        onMade(id);
      },
    });
  }

  return (
    <form onSubmit={create} aria-label={t("New collection")} className="flex gap-2">
      <input
        aria-label={t("Name of a new collection")}
        placeholder={t("New collection")}
        value={name}
        maxLength={MAX_NAME_CHARACTERS}
        onChange={({ target }) => setName(target.value)}
        className={NAME_FIELD}
      />
      <Button type="submit" variant="secondary" aria-disabled={!name.trim() || isPending}>
        <PlusIcon aria-hidden />
        {t("Create")}
      </Button>
    </form>
  );
}
