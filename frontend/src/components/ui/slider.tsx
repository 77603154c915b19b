import { Slider as Radix } from "radix-ui";

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  onChange: (value: number) => void;
  /** The value for screen readers, `30 steps` for example. */
  valueText?: string;
}

export default function Slider({ label, value, min, max, step, onChange, valueText }: SliderProps) {
  return (
    <Radix.Root
      className="relative flex h-6 pointer-coarse:h-11 w-full touch-none select-none items-center"
      value={[value]}
      min={min}
      max={max}
      step={step}
      onValueChange={(values) => onChange(values[0] ?? value)}
    >
      <Radix.Track className="slider-track relative h-1.5 grow rounded-full bg-muted">
        <Radix.Range className="absolute h-full rounded-full bg-primary" />
      </Radix.Track>
      <Radix.Thumb
        aria-label={label}
        aria-valuetext={valueText}
        className="block size-5 rounded-full border-2 border-primary bg-card transition-transform hover:scale-110"
      />
    </Radix.Root>
  );
}
