/** The axes of a comparison's job. Pure. */
import type { Options } from "@/api/types";
import type { Job } from "@/domain/job";
import { settingsOfMetadata, withoutDefaults } from "@/settings/settings";
import { type Plan, sharedSettings, type Variant, variantName } from "./plan";

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

/** Null where the job is no comparison. `options` undefined: no setting of the plan is left to the server. */
export function axesOf({ comparison, metadata, width, height }: Job, options?: Options): Axes | null {
  if (!comparison) return null;
  const settings = metadata && {
    prompt: "",
    ...sharedSettings(withoutDefaults(settingsOfMetadata(metadata), options)),
  };
  const { prompts, seeds } = comparison;
  const variants = comparison.variants.map(readVariant);
  return {
    prompts,
    seeds,
    variants: variants.map(variantName),
    plan: { prompts, seeds, variants, ...(settings && { settings }) },
    width,
    height,
  };
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
