"use client";
import { CircleCheckIcon, HeartIcon, SearchIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { useLoras } from "@/api/catalog";
import { CollectionChip } from "@/collections/CollectionChip";
import { Chip } from "@/components/form/Chip";
import { Choice } from "@/components/form/Choice";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";
import type { Filter } from "@/jobs/history/history-cache";
import { cn } from "@/lib/cn";
import { useSelection } from "./selection";

const SEARCH_AFTER_MS = 250;
const ANY = "";

interface FiltersProps {
  filter: Filter;
  /** What is not named stays as it is. */
  onChange: (change: Partial<Filter>) => void;
}

export function Filters({ filter, onChange }: FiltersProps) {
  return (
    <search className="flex flex-wrap items-center gap-2">
      <Search filter={filter} onChange={onChange} />
      <LoraFilter filter={filter} onChange={onChange} />
      <button
        type="button"
        aria-pressed={filter.favorites}
        onClick={() => onChange({ favorites: !filter.favorites })}
        className="flex h-9 items-center gap-2 rounded-full border border-border bg-card px-3 text-sm transition-colors hover:bg-muted aria-pressed:border-primary aria-pressed:bg-accent aria-pressed:text-accent-foreground"
      >
        <HeartIcon
          aria-hidden
          className={cn("size-4", filter.favorites ? "fill-primary text-primary" : "text-muted-foreground")}
        />
        {t("Favorites")}
      </button>
      <CollectionChip value={filter.collection} onChange={(collection) => onChange({ collection })} />
      <ChooseButton />
    </search>
  );
}

/** The way to choose several without a mouse. */
function ChooseButton() {
  const { isChoosing, startChoosing, stopChoosing } = useSelection();
  return (
    <Button
      variant="ghost"
      aria-pressed={isChoosing}
      onClick={isChoosing ? stopChoosing : startChoosing}
      className="ml-auto px-3 font-normal aria-pressed:bg-muted"
    >
      <CircleCheckIcon aria-hidden />
      {t("Select")}
    </Button>
  );
}

/** Searches when the typing rests. */
function Search({ filter, onChange }: FiltersProps) {
  const [typed, setTyped] = useState(filter.q);
  useEffect(() => setTyped(filter.q), [filter.q]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: typing alone starts the clock
  useEffect(() => {
    if (typed === filter.q) return;
    const timer = setTimeout(() => onChange({ q: typed }), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label className="relative w-full sm:w-auto sm:max-w-sm sm:flex-1">
      <span className="sr-only">{t("Search in prompts")}</span>
      <SearchIcon
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted-foreground"
      />
      <input
        type="search"
        value={typed}
        maxLength={200}
        placeholder={t("Search in prompts")}
        onChange={(event) => setTyped(event.target.value)}
        className="h-9 w-full rounded-full border border-input bg-card pr-3 pl-9 text-base placeholder:text-muted-foreground sm:text-sm"
      />
    </label>
  );
}

/** A name stands for all its versions; where there are several, each can be looked for too. */
function LoraFilter({ filter, onChange }: FiltersProps) {
  const loras = useLoras().data ?? [];
  const names = [...new Set(loras.map((lora) => lora.name))];
  const items = names.flatMap((name) => {
    const versions = loras.filter((lora) => lora.name === name);
    const each = versions.map(({ label }) => ({ value: label, label, note: undefined }));
    return versions.length > 1 ? [{ value: name, label: name, note: t("Any version") }, ...each] : each;
  });
  const isListed = filter.lora === ANY || items.some(({ value }) => value === filter.lora);
  const unlisted = isListed ? [] : [{ value: filter.lora, label: filter.lora, note: undefined }];
  return (
    <Chip name="LoRA" value={filter.lora || t("All")}>
      <Choice
        legend="LoRA"
        layout="list"
        items={[{ value: ANY, label: t("All pictures"), note: t("With or without a LoRA") }, ...unlisted, ...items]}
        value={filter.lora}
        onChange={(lora) => onChange({ lora })}
      />
    </Chip>
  );
}
