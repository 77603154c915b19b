import { type ChangeEvent, useEffect, useState } from "react";
import { completeNumber, type Steps, settledNumber } from "@/lib/typed-number";

/** The props of an `<input type="number">`. Typed text counts once it is complete and a number that the server accepts;
 * else the nearest such number does when the field is left. */
export function useTypedNumber(value: number, steps: Steps, onChange: (value: number) => void) {
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);
  const { min, max, step } = steps;
  return {
    min,
    max,
    step,
    value: text,
    onChange({ target }: ChangeEvent<HTMLInputElement>) {
      setText(target.value);
      const number = completeNumber(target.value, steps);
      if (number !== null) onChange(number);
    },
    onBlur() {
      if (text === String(value)) return; // a link or a picture may bring finer numbers, which stay
      const number = settledNumber(text, steps) ?? value;
      setText(String(number));
      if (number !== value) onChange(number);
    },
  };
}
