"use client";
import { HeartIcon, PlusIcon, SearchIcon, XIcon } from "lucide-react";
import { useState } from "react";
import type { GenerateRequest, LoraOption, Options } from "@/api/types";
import { Choice } from "@/components/form/Choice";
import { NumberField } from "@/components/form/NumberField";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";
import { t, tItems } from "@/i18n/t";
import { useRecentLoras } from "@/jobs/recent-loras";
import { findLora, holdsTrigger, ownWeight, recentFirst, wantedModel } from "@/settings/loras";
import { useFavoriteLoras } from "./favorite-loras";

type Further = NonNullable<GenerateRequest["loras"]>[number];

interface LoraPickerProps {
  options: Options;
  loras: readonly LoraOption[];
}

const NONE = "none";
/** From so many on they can be searched. */
const MANY = 7;
const MAX_FURTHER = 8;
const PARTS = [
  { value: "all", label: "All" },
  { value: "recent", label: "Recent" },
  { value: "favorites", label: "Favorites" },
] as const;

type Part = (typeof PARTS)[number]["value"];

/** The LoRA whose trigger words are put before the prompt, its weight, and the LoRAs mixed in. */
export default function LoraPicker({ options, loras }: LoraPickerProps) {
  const { request, set } = useForm();
  const [sought, setSought] = useState("");
  const [part, setPart] = useState<Part>("all");
  const favorites = useFavoriteLoras();
  const wanted = wantedModel(request, options);
  const chosen = findLora(wanted, loras);
  const further = request.loras ?? [];
  const setFurther = (next: readonly Further[]) => set({ loras: next.length > 0 ? [...next] : undefined });
  const isIn = (lora: LoraOption) => further.some(({ name }) => findLora(name, loras) === lora);
  const [first] = useState(chosen); // what is chosen must not lie out of sight
  const recent = useRecentLoras();
  const listed = loras.length >= MANY ? recentFirst(loras, first, [...recent.keys()]) : loras;
  const isOfPart = (lora: LoraOption) =>
    part === "all" || (part === "recent" ? recent.has(lora.label) : favorites.names.has(lora.name));
  const shown = listed.filter((lora) => isFound(lora, sought) && isOfPart(lora));

  function choose(label: string) {
    if (label === NONE) return set({ model_name: null, model_weight: undefined });
    const rest = further.filter(({ name }) => findLora(name, loras)?.label !== label); // named twice, both weights count
    set({ model_name: label, loras: rest.length > 0 ? rest : undefined });
  }

  return (
    <div className="space-y-3">
      {loras.length >= MANY && (
        <>
          <Search value={sought} onChange={setSought} count={loras.length} />
          <Choice legend={t("Which LoRAs")} items={tItems(PARTS)} value={part} onChange={setPart} />
        </>
      )}
      <div className={loras.length >= MANY ? "-mx-1 max-h-[26rem] overflow-y-auto px-1" : undefined}>
        <Choice
          legend="LoRA"
          layout="cards"
          items={[
            ...shown.map((lora) => ({
              value: lora.label,
              label: <Card lora={lora} preview={recent.get(lora.label)} />,
              action: (
                <>
                  {loras.length >= MANY && (
                    <Favorite
                      name={lora.name}
                      label={lora.label}
                      isFavorite={favorites.names.has(lora.name)}
                      onToggle={favorites.toggle}
                    />
                  )}
                  {lora !== chosen && !isIn(lora) && further.length < MAX_FURTHER && (
                    <MixIn label={lora.label} onClick={() => setFurther([...further, { name: lora.label }])} />
                  )}
                </>
              ),
            })),
            ...(sought || part !== "all" ? [] : [{ value: NONE, label: t("None"), note: t("The base model alone") }]),
          ]}
          value={chosen?.label ?? (wanted ? "" : NONE)}
          onChange={choose}
        />
        {shown.length === 0 && <p className="px-3 py-2 text-muted-foreground text-sm">{t("No LoRA found.")}</p>}
      </div>
      {chosen && (
        <div className="px-3 pb-1">
          <Weight
            label={t("Weight")}
            options={options}
            value={request.model_weight ?? ownWeight(chosen, options)}
            onChange={(value) => set({ model_weight: value === ownWeight(chosen, options) ? undefined : value })}
          />
        </div>
      )}
      {further.length > 0 && <MixedIn options={options} loras={loras} further={further} onChange={setFurther} />}
    </div>
  );
}

interface FavoriteProps {
  name: string;
  label: string;
  isFavorite: boolean;
  onToggle: (name: string) => void;
}

function Favorite({ name, label, isFavorite, onToggle }: FavoriteProps) {
  return (
    <Button
      variant="ghost"
      size="icon-sm"
      aria-label={t("Favorite {name}", { name: label })}
      aria-pressed={isFavorite}
      onClick={() => onToggle(name)}
    >
      <HeartIcon aria-hidden className={isFavorite ? "fill-primary text-primary" : undefined} />
    </Button>
  );
}

/** Every word of `sought` is in what is known of it. */
function isFound(lora: LoraOption, sought: string): boolean {
  const searched = [lora.label, lora.title, lora.trigger].join(" ").toLowerCase();
  return sought
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searched.includes(word));
}

function Search({ value, onChange, count }: { value: string; onChange: (text: string) => void; count: number }) {
  return (
    <div className="relative">
      <SearchIcon aria-hidden className="absolute top-2.5 left-3 size-4 text-muted-foreground" />
      <input
        type="search"
        aria-label={t("Search LoRAs")}
        placeholder={t("Search {count} LoRAs", { count })}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="h-9 w-full rounded-xl border border-input bg-card pr-3 pl-9 text-sm placeholder:text-muted-foreground"
      />
    </div>
  );
}

/** `preview`: address of a picture that the visitor has made with it; the first letter stands in for one. */
function Card({ lora, preview }: { lora: LoraOption; preview: string | undefined }) {
  const notes = [lora.is_pinned && t("pinned"), preview && t("recent")].filter(Boolean).join(" · ");
  return (
    <span className="flex items-center gap-3">
      {preview ? (
        <img src={preview} alt="" className="size-12 shrink-0 rounded-lg bg-muted object-cover" />
      ) : (
        <span
          aria-hidden
          data-letter={lora.name.charAt(0)}
          className="grid size-12 shrink-0 place-items-center rounded-lg bg-muted text-lg text-muted-foreground uppercase before:content-[attr(data-letter)]"
        />
      )}
      <span className="min-w-0 flex-1">
        <span className="block truncate">
          {lora.label}
          {notes && <span className="pl-2 font-normal text-muted-foreground text-xs">{notes}</span>}
        </span>
        {lora.title && lora.title !== lora.label && (
          <span className="block truncate font-normal text-muted-foreground text-xs">{lora.title}</span>
        )}
        <span className="block truncate font-normal text-muted-foreground text-xs">
          {lora.trigger ? t("adds “{words}”", { words: lora.trigger }) : t("no trigger words")}
        </span>
      </span>
    </span>
  );
}

function MixIn({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button
      variant="ghost"
      size="icon-sm"
      aria-label={t("Add {name}", { name: label })}
      title={t("Add {name}", { name: label })}
      onClick={onClick}
    >
      <PlusIcon aria-hidden />
    </Button>
  );
}

interface MixedInProps extends LoraPickerProps {
  further: readonly Further[];
  onChange: (further: readonly Further[]) => void;
}

function MixedIn({ options, loras, further, onChange }: MixedInProps) {
  return (
    <section aria-label={t("Added")} className="space-y-3 border-t px-3 pt-3 pb-1">
      <h3 className="font-medium text-muted-foreground text-xs">{t("Added")}</h3>
      {further.map((each, at) => {
        const lora = findLora(each.name, loras);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: names may be equal, and an item holds nothing of its own
          <div key={at} className="flex items-start gap-1">
            <div className="min-w-0 flex-1">
              <Weight
                label={each.name}
                options={options}
                value={each.weight ?? ownWeight(lora, options)}
                onChange={(weight) => onChange(further.with(at, { ...each, weight }))}
              />
              <Words trigger={lora?.trigger ?? null} />
            </div>
            <Button
              variant="ghost"
              size="icon-sm"
              className="-mr-2"
              aria-label={t("Remove {name}", { name: each.name })}
              onClick={() => onChange(further.toSpliced(at, 1))}
            >
              <XIcon aria-hidden />
            </Button>
          </div>
        );
      })}
    </section>
  );
}

/** The server adds the trigger words of the first LoRA only; this button adds the words of another one to the prompt. */
function Words({ trigger }: { trigger: string | null }) {
  const { request, set } = useForm();
  if (!trigger) return null;
  if (holdsTrigger(request.prompt, trigger)) {
    return <p className="text-muted-foreground text-xs">{t("“{words}” is in the prompt.", { words: trigger })}</p>;
  }
  const prompt = [request.prompt.trim(), trigger].filter(Boolean).join(", ");
  return (
    <button
      type="button"
      className="rounded-md text-left text-primary text-xs underline underline-offset-2"
      onClick={() => set({ prompt })}
    >
      {t("Add “{words}” to the prompt", { words: trigger })}
    </button>
  );
}

interface WeightProps {
  label: string;
  options: Options;
  value: number;
  onChange: (weight: number) => void;
}

function Weight({ label, options, value, onChange }: WeightProps) {
  const max = options.bounds.max_lora_weight;
  return (
    <NumberField
      label={label}
      value={value}
      min={-max}
      max={max}
      step={0.01}
      sliderStep={0.05}
      sliderMax={max}
      onChange={onChange}
    />
  );
}
