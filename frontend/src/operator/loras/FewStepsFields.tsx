"use client";
import { useId } from "react";
import type { FewStepsOption, LoraChanges } from "@/api/types";
import { Field } from "@/components/ui/field";
import { t, tName } from "@/i18n/t";

type Family = FewStepsOption["family"];

const FAMILIES: Readonly<Record<Family, string>> = {
  lightning: "Lightning",
  hyper: "Hyper",
  hyper_cfg: "Hyper with guidance",
  dmd2: "DMD2",
  lcm: "LCM",
  tcd: "TCD",
  turbo: "Turbo",
};
const MAX_STEPS = 16;

/** What the operator has changed; a field that is absent stays as it is. */
export type FewStepsChanges = Pick<LoraChanges, "family" | "steps">;

interface FewStepsFieldsProps {
  /** As the LoRA is sampled now, and as its file says; null: as any other. */
  now: FewStepsOption | null;
  file: FewStepsOption | null;
  changes: FewStepsChanges;
  onChange: (changes: FewStepsChanges) => void;
}

/** The family of a LoRA that is made for few steps, and its steps. */
export function FewStepsFields({ now, file, changes, onChange }: FewStepsFieldsProps) {
  const id = useId();
  const ofFile = file?.family ?? "none";
  const family = changes.family === undefined ? (now?.family ?? "none") : (changes.family ?? ofFile);
  const steps = changes.steps === undefined ? now?.steps : changes.steps;
  return (
    <div className="space-y-3">
      <div className="space-y-1.5">
        <div className="flex items-center justify-between gap-3">
          <label htmlFor={id} className="font-medium text-sm">
            {t("Made for few steps")}
          </label>
          <select
            id={id}
            aria-describedby={`${id}-hint`}
            className="h-9 pointer-coarse:h-11 rounded-lg border border-input bg-card px-2.5 text-sm"
            value={family}
            onChange={({ target }) =>
              onChange({ family: target.value === ofFile ? null : (target.value as Family | "none"), steps: null })
            }
          >
            <option value="none">{t("No")}</option>
            {Object.entries(FAMILIES).map(([name, label]) => (
              <option key={name} value={name}>
                {tName(label)}
              </option>
            ))}
          </select>
        </div>
        <p id={`${id}-hint`} className="text-muted-foreground text-xs">
          {file
            ? t("The file says {family}.", { family: tName(FAMILIES[file.family]) })
            : t("The file names no family.")}{" "}
          {t("A family brings its own steps, sampler and guidance.")}
        </p>
      </div>
      {family !== "none" && (
        <Field
          label={t("Steps")}
          type="number"
          inputMode="numeric"
          min={1}
          max={MAX_STEPS}
          value={steps ?? ""}
          onChange={({ target }) =>
            onChange({ ...changes, steps: target.value === "" ? null : Math.round(Number(target.value)) })
          }
          hint={t("Empty: what the name of the file or the family says.")}
        />
      )}
    </div>
  );
}
