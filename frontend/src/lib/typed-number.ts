/** The text typed into a number field, and the nearest number that the server accepts. */

export interface Steps {
  min: number;
  max: number;
  /** Counted from `min`. */
  step: number;
  /** What a finished text means that is no such number; without it, the nearest. */
  meaning?: (text: string) => number | undefined;
}

/** The number that an unfinished text already is; null where it is none, out of bounds or between two steps. */
export function completeNumber(text: string, steps: Steps): number | null {
  const number = parsed(text);
  return number !== null && number === nearest(number, steps) ? number : null;
}

/** The nearest number that is allowed, once the text is finished; null where it is no number. */
export function settledNumber(text: string, steps: Steps): number | null {
  const number = steps.meaning?.(text) ?? parsed(text);
  return number === null ? null : nearest(number, steps);
}

function parsed(text: string): number | null {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}

function nearest(number: number, { min, max, step }: Steps): number {
  const decimals = Math.max(...[min, step].map((each) => String(each).split(".")[1]?.length ?? 0));
  const numSteps = Math.floor((max - min) / step + 1e-9);
  const at = Math.min(numSteps, Math.max(0, Math.round((number - min) / step)));
  return Number((min + at * step).toFixed(decimals));
}
