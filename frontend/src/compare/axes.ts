/** The axes of a comparison's job. Pure. */
import type { Job } from "@/domain/job";
import { type Plan, type Variant, variantName } from "./plan";

export interface Axes {
  readonly prompts: readonly string[];
  readonly seeds: readonly number[];
  /** The names above their columns. */
  readonly variants: readonly string[];
  /** The content of the form that changes it. */
  readonly plan: Plan;
  /** Pixels of each picture. */
  readonly width: number;
  readonly height: number;
}

/** Null where the job is no comparison. */
export function axesOf({ comparison, width, height }: Job): Axes | null {
  if (!comparison) return null;
  const { prompts, seeds } = comparison;
  const variants = comparison.variants.map(readVariant);
  return { prompts, seeds, variants: variants.map(variantName), plan: { prompts, seeds, variants }, width, height };
}

/** Index of a cell's picture among the job's. */
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
