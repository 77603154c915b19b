"use client";
import { useEffect, useId, useState } from "react";
import { lazyPart } from "@/components/lazy";
import { completeNumber, settledNumber } from "@/lib/typed-number";

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
}

/** A number to type, with a slider for the usual range. What is typed counts once it is complete and one
 * that the server takes; else the nearest such number does when the field is left. */
export function NumberField({ label, value, min, max, step, sliderStep, onChange, sliderMax, hint }: NumberFieldProps) {
  const id = useId();
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);

  function take(typed: string) {
    setText(typed);
    const number = completeNumber(typed, { min, max, step });
    if (number !== null) onChange(number);
  }

  function settle() {
    if (text === String(value)) return; // a link or a picture may bring finer numbers, which stay
    const kept = settledNumber(text, { min, max, step }) ?? value;
    setText(String(kept));
    if (kept !== value) onChange(kept);
  }

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
          min={min}
          max={max}
          step={step}
          value={text}
          onChange={(event) => take(event.target.value)}
          onBlur={settle}
          aria-describedby={hint ? `${id}-hint` : undefined}
          className="h-9 w-24 rounded-lg border border-input bg-card px-2.5 text-right text-sm tabular-nums"
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
