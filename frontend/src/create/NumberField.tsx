"use client";
import dynamic from "next/dynamic";
import { useEffect, useId, useState } from "react";

const Slider = dynamic(() => import("@/components/ui/slider").then(({ Slider }) => Slider), {
  ssr: false,
  loading: () => <div className="h-6" />,
});

interface NumberFieldProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  onChange: (value: number) => void;
  /** Shows a slider below; `sliderMax` may end it before `max`, which stays reachable by typing. */
  sliderMax?: number;
  hint?: string;
}

/** A number to type, with a slider for the usual range. What is typed counts once it is complete and within bounds. */
export function NumberField({ label, value, min, max, step, onChange, sliderMax, hint }: NumberFieldProps) {
  const id = useId();
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);

  function take(typed: string) {
    setText(typed);
    const number = Number(typed);
    if (typed.trim() !== "" && Number.isFinite(number) && number >= min && number <= max) onChange(number);
  }

  function settle() {
    const number = Number(text);
    const kept = text.trim() !== "" && Number.isFinite(number) ? Math.min(max, Math.max(min, number)) : value;
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
          step={step}
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
