"use client";
import { DicesIcon, PlusIcon, XIcon } from "lucide-react";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useMe } from "@/api/session";
import type { LoraOption, Options } from "@/api/types";
import { FormErrorNote } from "@/components/form/FormErrorNote";
import { Button } from "@/components/ui/button";
import { Advanced } from "@/create/composer/Advanced";
import { NegativeChip, QualityChip, ShapeChip, StyleChip } from "@/create/composer/chips";
import { EMPTY, LocalForm } from "@/create/form";
import type { FormError } from "@/domain/form-error";
import { t } from "@/i18n/t";
import { cn } from "@/lib/cn";
import { lazyPart } from "@/lib/lazy";
import { notHere } from "@/lib/words/names";
import type { Settings } from "@/settings/settings";
import { type Plan, planProblem, readSeeds, sumWords, type Variant } from "./plan";

const [ComparePrice] = lazyPart(() => import("@/credit/ComparePrice"));

interface SetupProps {
  options: Options;
  loras: readonly LoraOption[];
  first: Plan;
  isSending: boolean;
  error: FormError | null;
  onCompare: (plan: Plan) => void;
}

const FIELD = "rounded-lg border border-input bg-card px-2.5 text-sm placeholder:text-muted-foreground";

/** Prompts, seeds and variants; it counts the pictures while they are typed. */
export function Setup({ options, loras, first, isSending, error, onCompare }: SetupProps) {
  const [prompts, setPrompts] = useState<readonly string[]>(first.prompts.length > 0 ? first.prompts : [""]);
  const [seedsText, setSeedsText] = useState(first.seeds.join(", "));
  const [variants, setVariants] = useState(first.variants);
  const isCharged = useMe().data?.credit;
  const [settings, setSettings] = useState<Settings>(first.settings ?? EMPTY);
  const [wasRefused, setWasRefused] = useState(false);

  const seeds = readSeeds(seedsText);
  const plan: Plan = {
    prompts: [...new Set(prompts.map((each) => each.trim()).filter(Boolean))],
    seeds: seeds ?? [],
    variants,
    settings,
  };
  const problem = seeds === null ? t("Seeds are whole numbers from 0 to 18446744073709551615.") : planProblem(plan);

  function submit(event?: FormEvent) {
    event?.preventDefault();
    setWasRefused(problem !== null);
    if (problem === null && !isSending) onCompare(plan);
  }

  return (
    <form aria-label={t("New comparison")} onSubmit={submit} className="space-y-3">
      <div className="grid gap-x-10 gap-y-8 rounded-3xl border bg-card p-5 sm:p-7 lg:grid-cols-2">
        <div className="space-y-8">
          <Prompts prompts={prompts} max={options.bounds.max_prompt_characters} onChange={setPrompts} />
          <Seeds text={seedsText} seeds={seeds} maxSeed={options.bounds.max_seed} onChange={setSeedsText} />
        </div>
        <div className="space-y-8">
          <Variants variants={variants} loras={loras} options={options} onChange={setVariants} />
          <Part title={t("Settings of all")}>
            <LocalForm first={settings} onChange={setSettings}>
              <div className="flex flex-wrap gap-2">
                <StyleChip options={options} />
                <ShapeChip options={options} />
                <QualityChip options={options} />
                <NegativeChip options={options} />
                <Advanced options={options} hasSeed={false} />
              </div>
            </LocalForm>
          </Part>
        </div>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-1">
        <p
          aria-live="polite"
          className={
            problem && wasRefused ? "max-w-prose text-destructive text-sm" : "max-w-prose text-muted-foreground text-sm"
          }
        >
          {problem ??
            t("{sum}: {count} pictures, as one job.", {
              sum: sumWords(plan),
              count: plan.prompts.length * plan.seeds.length * plan.variants.length,
            })}
        </p>
        <Button type="submit" size="lg" aria-disabled={isSending}>
          {t("Compare")}
          {isCharged && problem === null && <ComparePrice plan={plan} />}
        </Button>
      </div>
      {error && <FormErrorNote error={error} onRetry={submit} />}
    </form>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="min-w-0 space-y-3">
      <legend className="pb-1 font-medium text-sm">{title}</legend>
      {children}
    </fieldset>
  );
}

interface PromptsProps {
  prompts: readonly string[];
  max: number;
  onChange: (prompts: readonly string[]) => void;
}

function Prompts({ prompts, max, onChange }: PromptsProps) {
  return (
    <Part title={t("Prompts")}>
      {prompts.map((prompt, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: prompts have no other identity than their place
        <div key={at} className="flex items-start gap-1">
          <textarea
            aria-label={t("Prompt {number}", { number: at + 1 })}
            rows={2}
            maxLength={max}
            value={prompt}
            placeholder={at === 0 ? t("What should every variant show?") : undefined}
            onChange={(event) => onChange(prompts.with(at, event.target.value))}
            className={`${FIELD} min-h-16 min-w-0 flex-1 resize-y rounded-xl py-2 leading-relaxed`}
          />
          {prompts.length > 1 && (
            <Remove
              label={t("Remove prompt {number}", { number: at + 1 })}
              onClick={() => onChange(prompts.toSpliced(at, 1))}
            />
          )}
        </div>
      ))}
      <Add onClick={() => onChange([...prompts, ""])}>{t("Add a prompt")}</Add>
    </Part>
  );
}

const NUM_ROLLED = 3;

interface SeedsProps {
  text: string;
  seeds: readonly number[] | null;
  maxSeed: number;
  onChange: (text: string) => void;
}

function Seeds({ text, seeds, maxSeed, onChange }: SeedsProps) {
  const id = useId();
  const roll = () => {
    const rolled = Array.from({ length: NUM_ROLLED }, () => Math.floor(Math.random() * (maxSeed + 1)));
    onChange(rolled.join(", "));
  };
  return (
    <Part title={t("Seeds")}>
      <div className="flex gap-1">
        <input
          aria-label={t("Seeds")}
          aria-describedby={id}
          aria-invalid={seeds === null || undefined}
          inputMode="numeric"
          value={text}
          onChange={(event) => onChange(event.target.value)}
          className={`${FIELD} h-10 min-w-0 flex-1 rounded-xl tabular-nums aria-[invalid]:border-destructive`}
        />
        <Button variant="ghost" size="icon" aria-label={t("Roll new seeds")} title={t("Roll new seeds")} onClick={roll}>
          <DicesIcon aria-hidden />
        </Button>
      </div>
      <p id={id} className="text-muted-foreground text-xs">
        {t("One row per seed.")}
      </p>
    </Part>
  );
}

interface VariantsProps {
  variants: readonly Variant[];
  loras: readonly LoraOption[];
  options: Options;
  onChange: (variants: readonly Variant[]) => void;
}

function Variants({ variants, loras, options, onChange }: VariantsProps) {
  const name = variants.map(({ model_name }) => loras.find(({ label }) => label === model_name)?.name).find(Boolean);
  const versions = loras.filter((lora) => lora.name === name);
  const isMissing = (lora: LoraOption) => !variants.some(({ model_name }) => model_name === lora.label);
  const missing = versions.filter(isMissing);
  const next = loras.find(isMissing)?.label ?? null;
  return (
    <Part title={t("Variants")}>
      <div aria-hidden className="flex gap-2 text-muted-foreground text-xs">
        <span className="min-w-0 flex-1 pl-6">LoRA</span>
        <span className={cn("w-20", variants.length > 1 && "mr-10")}>{t("Weight")}</span>
      </div>
      <ol className="space-y-2">
        {variants.map((variant, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: variants have no other identity than their place
          <li key={at} className="flex items-center gap-2">
            <span aria-hidden className="w-4 shrink-0 text-muted-foreground text-xs tabular-nums">
              {at + 1}
            </span>
            <VariantFields
              number={at + 1}
              variant={variant}
              loras={loras}
              options={options}
              onChange={(changed) => onChange(variants.with(at, changed))}
            />
            {variants.length > 1 && (
              <Remove
                label={t("Remove variant {number}", { number: at + 1 })}
                onClick={() => onChange(variants.toSpliced(at, 1))}
              />
            )}
          </li>
        ))}
      </ol>
      <div className="flex flex-wrap gap-x-2">
        <Add onClick={() => onChange([...variants, { model_name: next }])}>{t("Add a variant")}</Add>
        {missing.length > 0 && versions.length > 1 && (
          <Add onClick={() => onChange([...variants, ...missing.map(({ label }) => ({ model_name: label }))])}>
            {t("All versions of {name}", { name: name ?? "" })}
          </Add>
        )}
      </div>
      <p className="text-muted-foreground text-xs">
        {t("One column per variant. Leave the weight empty for the LoRA's default.")}
      </p>
    </Part>
  );
}

interface VariantFieldsProps {
  number: number;
  variant: Variant;
  loras: readonly LoraOption[];
  options: Options;
  onChange: (variant: Variant) => void;
}

function VariantFields({ number, variant, loras, options, onChange }: VariantFieldsProps) {
  const { model_name, model_weight } = variant;
  const lora = loras.find(({ label }) => label === model_name);
  const max = options.bounds.max_lora_weight;
  return (
    <>
      <select
        aria-label={t("LoRA of variant {number}", { number })}
        value={model_name ?? ""}
        onChange={(event) =>
          onChange(event.target.value === "" ? { model_name: null } : { ...variant, model_name: event.target.value })
        }
        className={`${FIELD} h-10 min-w-0 flex-1 rounded-xl`}
      >
        <option value="">{t("No LoRA")}</option>
        {model_name !== null && !lora && <option value={model_name}>{notHere(model_name)}</option>}
        {loras.map(({ label, is_pinned }) => (
          <option key={label} value={label}>
            {label}
            {is_pinned && " · pinned"}
          </option>
        ))}
      </select>
      <input
        type="number"
        aria-label={t("Weight of variant {number}", { number })}
        disabled={model_name === null}
        min={-max}
        max={max}
        step={0.05}
        placeholder={model_name === null ? "" : String(lora?.weight ?? options.defaults.lora_weight)}
        value={model_weight ?? ""}
        onChange={(event) =>
          onChange({ ...variant, model_weight: event.target.value === "" ? undefined : Number(event.target.value) })
        }
        className={`${FIELD} h-10 w-20 rounded-xl text-right tabular-nums disabled:invisible`}
      />
    </>
  );
}

function Add({ onClick, children }: { onClick: () => void; children: string }) {
  return (
    <Button variant="ghost" size="sm" className="-ml-2 text-primary" onClick={onClick}>
      <PlusIcon aria-hidden />
      {children}
    </Button>
  );
}

function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button variant="ghost" size="icon-sm" aria-label={label} onClick={onClick}>
      <XIcon aria-hidden />
    </Button>
  );
}
