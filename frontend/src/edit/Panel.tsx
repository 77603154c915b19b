"use client";
import { useId } from "react";
import type { Options } from "@/api/types";
import { Choice } from "@/components/form/Choice";
import { NumberField } from "@/components/form/NumberField";
import { Switch } from "@/components/form/Switch";
import { t, tItems } from "@/i18n/t";
import type { Content, EditForm } from "./request";

interface PanelProps {
  form: EditForm;
  onChange: (patch: Partial<EditForm>) => void;
  options: Options | undefined;
}

const CONTENTS: readonly { value: Content; label: string }[] = [
  { value: "original", label: "Picture" },
  { value: "fill", label: "Colors around" },
  { value: "noise", label: "Noise" },
];
const MAX_SOFT_EDGE = 32;

/** What the painted part becomes. */
export function Panel({ form, onChange, options }: PanelProps) {
  const id = useId();
  return (
    <div className="space-y-5">
      <div className="space-y-1.5">
        <label htmlFor={id} className="block font-medium text-sm">
          {t("Prompt")}
        </label>
        <textarea
          id={id}
          rows={3}
          maxLength={options?.bounds.max_prompt_characters}
          value={form.prompt}
          onChange={({ target }) => onChange({ prompt: target.value })}
          className="w-full resize-y rounded-xl border border-input bg-card px-3 py-2 text-base sm:text-sm"
        />
      </div>
      <NumberField
        label={t("Strength")}
        value={form.strength}
        min={0.05}
        max={1}
        step={0.01}
        sliderStep={0.05}
        sliderMax={1}
        onChange={(strength) => onChange({ strength })}
        hint={t("How much the painted part changes. At 1 nothing of it is kept.")}
      />
      <NumberField
        label={t("Soft edge")}
        value={form.blur}
        min={0}
        max={64}
        step={1}
        sliderMax={MAX_SOFT_EDGE}
        onChange={(blur) => onChange({ blur })}
        hint={t("Pixels over which the new part fades into the picture.")}
      />
      <Switch
        label={t("Only the painted area")}
        hint={t("Makes this part alone, at full size, and puts it back: more detail for small things.")}
        isOn={form.isOnlyPainted}
        onChange={(isOnlyPainted) => onChange({ isOnlyPainted })}
      />
      <div className="space-y-2">
        <p className="font-medium text-sm" aria-hidden>
          {t("Begin with")}
        </p>
        <Choice
          legend={t("Begin with")}
          items={tItems(CONTENTS)}
          value={form.content}
          onChange={(content) => onChange({ content })}
        />
      </div>
      <NumberField
        label={t("Pictures")}
        value={form.numImages}
        min={1}
        max={options?.bounds.max_images ?? 8}
        step={1}
        sliderMax={options?.bounds.max_images ?? 8}
        onChange={(numImages) => onChange({ numImages })}
      />
    </div>
  );
}
