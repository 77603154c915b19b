"use client";
import { DicesIcon, LockIcon } from "lucide-react";
import { useId } from "react";
import type { LoraOption, Options } from "@/api/types";
import { Choice } from "@/components/form/Choice";
import { NumberField } from "@/components/form/NumberField";
import { RangeField } from "@/components/form/RangeField";
import { Button } from "@/components/ui/button";
import { EMPTY, useForm } from "@/create/form";
import { locale } from "@/i18n/language";
import { t, tName } from "@/i18n/t";
import { capitalized, notHere } from "@/lib/words/names";
import { percent, stepCount } from "@/lib/words/quantities";
import { samplingDefaults } from "@/settings/loras";
import { seedOf } from "@/settings/seed";
import { HiresFields } from "../HiresFields";
import { EmbeddingFields } from "./EmbeddingFields";
import { VariantFields } from "./VariantFields";

interface AdvancedFieldsProps {
  options: Options;
  /** Empty where each column has LoRAs of its own. */
  loras: readonly LoraOption[];
  hasSeed?: boolean;
}

/** The less common settings. */
export function AdvancedFields({ options, loras, hasSeed = true }: AdvancedFieldsProps) {
  const { request, set, replace } = useForm();
  const { defaults, bounds } = options;
  const { few, ...standard } = samplingDefaults(request, options, loras);
  return (
    <div className="space-y-6 pt-2">
      <NumberField
        label={t("Steps")}
        value={request.steps ?? standard.steps}
        min={bounds.min_steps}
        max={bounds.max_steps}
        step={1}
        sliderMax={60}
        onChange={(value) => set({ steps: value === standard.steps ? undefined : value })}
        hint={
          few
            ? t("{name} is made for {steps}.", { name: few.label, steps: stepCount(standard.steps) })
            : stepsHint(options)
        }
      />
      <NumberField
        label={t("Guidance")}
        value={request.guidance_scale ?? standard.guidance_scale}
        min={0}
        max={bounds.max_guidance_scale}
        step={0.1}
        sliderStep={0.5}
        sliderMax={15}
        onChange={(value) => set({ guidance_scale: value === standard.guidance_scale ? undefined : value })}
        hint={t(
          "How strongly the prompt steers the picture. At 1 or less the negative prompt is ignored and each step takes half the time.",
        )}
      />
      <GuidanceInterval />
      <NumberField
        label={t("CLIP skip")}
        value={request.clip_skip ?? 0}
        min={0}
        max={11}
        step={1}
        sliderMax={3}
        onChange={(clip_skip) => set({ clip_skip: clip_skip || undefined })}
        hint={t("So many more of the text encoders' last layers are left out. Some LoRAs were trained with 1.")}
      />
      <div className="space-y-2">
        <p className="font-medium text-sm" aria-hidden>
          {t("Prompt syntax")}
        </p>
        <Choice
          legend={t("Prompt syntax")}
          items={[
            { value: "a1111", label: "A1111" },
            { value: "plain", label: t("Weights only") },
          ]}
          value={request.prompt_syntax ?? "a1111"}
          onChange={(value) => set({ prompt_syntax: value === "a1111" ? undefined : value })}
        />
      </div>
      <VariantFields />
      <EmbeddingFields options={options} />
      <SamplerField options={options} standard={standard.sampler} />
      <HiresFields options={options} />
      {hasSeed && <SeedField maxSeed={bounds.max_seed} />}
      <div className="space-y-2">
        <p className="font-medium text-sm" aria-hidden>
          {t("Format")}
        </p>
        <Choice
          legend={t("Format")}
          items={options.formats.map((format) => ({ value: format, label: format.toUpperCase() }))}
          value={request.format ?? defaults.format}
          onChange={(value) => set({ format: value === defaults.format ? undefined : value })}
        />
      </div>
      <Button variant="ghost" className="-ml-4" onClick={() => replace({ ...EMPTY, prompt: request.prompt })}>
        {t("Reset all settings")}
      </Button>
    </div>
  );
}

/** `More steps add detail and take longer. Low, medium and high use 12, 20 and 30.` */
function stepsHint({ qualities }: Options): string {
  const lists = new Intl.ListFormat(locale(), { type: "conjunction" });
  const names = capitalized(lists.format(qualities.map(({ name }) => tName(name))));
  const steps = lists.format(qualities.map((each) => String(each.steps)));
  return t("More steps add detail and take longer. {names} use {steps}.", { names, steps });
}

/** In percent; all of the way is the default. */
function GuidanceInterval() {
  const { request, set } = useForm();
  const start = request.guidance_start ?? 0;
  const end = request.guidance_end ?? 1;
  return (
    <RangeField
      label={t("Guidance")}
      unit="%"
      from={percent(start)}
      to={percent(end)}
      min={0}
      max={100}
      onChange={(from, to) =>
        set({ guidance_start: from === 0 ? undefined : from / 100, guidance_end: to === 100 ? undefined : to / 100 })
      }
      hint={t("The part of the steps that follow the prompt this closely.")}
    />
  );
}

function SamplerField({ options, standard }: { options: Options; standard: string }) {
  const { request, set } = useForm();
  const id = useId();
  return (
    <div className="flex items-center justify-between gap-3">
      <label htmlFor={id} className="font-medium text-sm">
        {t("Sampler")}
      </label>
      <select
        id={id}
        className="h-9 rounded-lg border border-input bg-card px-2.5 text-sm"
        value={request.sampler ?? standard}
        onChange={({ target }) => set({ sampler: target.value === standard ? undefined : target.value })}
      >
        {request.sampler && !options.samplers.some(({ name }) => name === request.sampler) && (
          <option value={request.sampler} disabled>
            {notHere(request.sampler)}
          </option>
        )}
        {options.samplers.map((sampler) => (
          <option key={sampler.name} value={sampler.name}>
            {[sampler.label, sampler.schedule_type].filter(Boolean).join(" ")}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Dice: a new seed each time. Lock: this one. Unlocked, no number is shown: it would not be used. */
function SeedField({ maxSeed }: { maxSeed: number }) {
  const { request, set } = useForm();
  const isLocked = request.seed != null;
  const roll = () => set({ seed: Math.floor(Math.random() * (maxSeed + 1)) });
  return (
    <div className="space-y-2">
      <p className="font-medium text-sm" aria-hidden>
        {t("Seed")}
      </p>
      <Choice
        legend={t("Seed")}
        items={[
          { value: "random", label: <Labeled icon={DicesIcon} text={t("New each time")} /> },
          { value: "locked", label: <Labeled icon={LockIcon} text={t("Locked")} /> },
        ]}
        value={isLocked ? "locked" : "random"}
        onChange={(value) => (value === "random" ? set({ seed: undefined }) : roll())}
      />
      {isLocked && (
        <div className="flex items-end gap-2">
          <div className="flex-1">
            <NumberField
              label={t("Seed number")}
              value={request.seed ?? 0}
              min={0}
              max={maxSeed}
              step={1}
              meaning={seedOf}
              onChange={(seed) => set({ seed })}
            />
          </div>
          <Button variant="outline" size="icon" aria-label={t("Roll a new seed")} onClick={roll}>
            <DicesIcon aria-hidden />
          </Button>
        </div>
      )}
    </div>
  );
}

function Labeled({ icon: Icon, text }: { icon: typeof LockIcon; text: string }) {
  return (
    <span className="flex items-center gap-2">
      <Icon aria-hidden className="size-3.5" />
      {text}
    </span>
  );
}
