/** What a comparison's job says of its axes. Pure. */
import type { Result } from "@/api/types";
import { type Plan, type Variant, variantName } from "./plan";

export interface Axes {
  readonly prompts: readonly string[];
  readonly seeds: readonly number[];
  /** As they are called above their columns. */
  readonly variants: readonly string[];
  /** What the form is filled with to change it. */
  readonly plan: Plan;
  /** Pixels of each picture. */
  readonly width: number;
  readonly height: number;
}

/** Null where the job is no comparison. */
export function axesOf({ comparison, metadata }: Result): Axes | null {
  if (!comparison) return null;
  const { prompts, seeds } = comparison;
  const variants = comparison.variants.map(readVariant);
  return {
    prompts,
    seeds,
    variants: variants.map(variantName),
    plan: { prompts, seeds, variants },
    width: pixels(metadata.width),
    height: pixels(metadata.height),
  };
}

/** Where a cell's picture is among the job's. */
export function cellIndex({ seeds, variants }: Axes, promptAt: number, seedAt: number, variantAt: number): number {
  return (promptAt * seeds.length + seedAt) * variants.length + variantAt;
}

/** The server's label of a column: `jade-v1:0.9 + amber-v1:0.4`, `no LoRA`. */
export function readVariant(label: string): Variant {
  const [first, ...further] = [...label.matchAll(/([^\s:]+):(-?[\d.]+)/g)].map(([, name = "", weight]) => ({
    name,
    weight: Number(weight),
  }));
  if (!first) return { model_name: null };
  return { model_name: first.name, model_weight: first.weight, ...(further.length > 0 && { loras: further }) };
}

function pixels(value: unknown): number {
  return typeof value === "number" ? value : 1;
}
