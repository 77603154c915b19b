"use client";
import { useId } from "react";
import { lazyPart } from "@/lib/lazy";
import { useTypedNumber } from "./use-typed-number";

const [Slider] = lazyPart(() => import("@/components/ui/slider"), {
  meanwhile: () => <div className="h-6" />,
});

interface NumberFieldProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  /** Of the slider, where it is coarser than what can be typed. */
  sliderStep?: number;
  onChange: (value: number) => void;
  /** Shows a slider below; `sliderMax` may end it before `max`, which stays reachable by typing. */
  sliderMax?: number;
  hint?: string;
  /** What a finished text means that is no number from `min` to `max`; without it, the nearest. */
  meaning?: (text: string) => number | undefined;
}

/** A number to type, with a slider for the usual range. */
export function NumberField(props: NumberFieldProps) {
  const { label, value, min, max, step, sliderStep, onChange, sliderMax, hint, meaning } = props;
  const id = useId();
  const input = useTypedNumber(value, { min, max, step, meaning }, onChange);
  return (
    <div className="space-y-1.5">
      <div className="flex items-center justify-between gap-3">
        <label htmlFor={id} className="font-medium text-sm">
          {label}
        </label>
        <input
          id={id}
          type="number"
          inputMode={Number.isInteger(step) && min >= 0 ? "numeric" : "decimal"}
          {...input}
          aria-describedby={hint ? `${id}-hint` : undefined}
          className="h-9 pointer-coarse:h-11 w-24 rounded-lg border border-input bg-card px-2.5 text-right text-sm tabular-nums"
        />
      </div>
      {sliderMax !== undefined && (
        <Slider
          label={label}
          value={value}
          min={min}
          max={Math.max(sliderMax, value)}
          step={sliderStep ?? step}
          onChange={onChange}
        />
      )}
      {hint && (
        <p id={`${id}-hint`} className="text-muted-foreground text-xs leading-relaxed">
          {hint}
        </p>
      )}
    </div>
  );
}
