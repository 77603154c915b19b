"use client";
import { useId } from "react";
import { t } from "@/i18n/t";
import { useTypedNumber } from "./use-typed-number";

interface RangeFieldProps {
  /** Legend, before the two numbers. */
  label: string;
  /** After them. */
  unit: string;
  from: number;
  to: number;
  min: number;
  max: number;
  /** `from` is never above `to`. */
  onChange: (from: number, to: number) => void;
  hint: string;
}

/** Two whole numbers in one quiet line: where something begins and where it ends. */
export function RangeField({ label, unit, from, to, min, max, onChange, hint }: RangeFieldProps) {
  const id = useId();
  return (
    <fieldset className="space-y-1.5 text-muted-foreground text-sm" aria-describedby={`${id}-hint`}>
      <legend className="sr-only">{label}</legend>
      <div className="flex items-center gap-2">
        <span aria-hidden>{t("{label} from", { label })}</span>
        <End
          label={t("{label} from", { label })}
          value={from}
          min={min}
          max={to}
          onChange={(value) => onChange(value, to)}
        />
        <span aria-hidden>{t("to")}</span>
        <End
          label={t("{label} to", { label })}
          value={to}
          min={from}
          max={max}
          onChange={(value) => onChange(from, value)}
        />
        <span aria-hidden>{unit}</span>
      </div>
      <p id={`${id}-hint`} className="text-xs leading-relaxed">
        {hint}
      </p>
    </fieldset>
  );
}

interface EndProps {
  label: string;
  value: number;
  min: number;
  max: number;
  onChange: (value: number) => void;
}

function End({ label, value, min, max, onChange }: EndProps) {
  return (
    <input
      type="number"
      inputMode="numeric"
      aria-label={label}
      {...useTypedNumber(value, { min, max, step: 1 }, onChange)}
      className="h-8 w-16 rounded-lg border border-input bg-card px-2 text-right text-foreground tabular-nums"
    />
  );
}
