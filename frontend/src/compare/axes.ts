/** The axes of a comparison's job. Pure. */
import type { ComparisonAxes, LoraOption, Options } from "@/api/types";
import type { Job } from "@/domain/job";
import { samplingDefaults } from "@/settings/loras";
import { type Settings, settingsOfMetadata, withoutDefaults } from "@/settings/settings";
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

const SAMPLED = ["steps", "sampler", "guidance_scale"] as const;
const NOT_SAMPLED = { steps: undefined, sampler: undefined, guidance_scale: undefined };

/** Null where the job is no comparison. `options` undefined: no setting of the plan is left to the server. */
export function axesOf(
  { comparison, metadata, width, height }: Job,
  options?: Options,
  loras: readonly LoraOption[] = [],
): Axes | null {
  if (!comparison) return null;
  const { prompts, seeds } = comparison;
  const variants = comparison.variants.map(readVariant);
  const made = metadata && settingsOfMetadata(metadata);
  const settings = made && {
    prompt: "",
    ...sharedSettings(withoutDefaults({ ...made, ...NOT_SAMPLED }, options)),
    ...askedSampling(comparison, made, options, loras),
  };
  return {
    prompts,
    seeds,
    variants: variants.map(variantName),
    plan: { prompts, seeds, variants, ...(settings && { settings }) },
    width,
    height,
  };
}

/** What was asked for of steps, sampler and guidance. A LoRA for few steps brings its own: a value was asked for where all
 * columns have it and it is not what each of them has by default. */
function askedSampling(
  { prompts: [prompt = ""], variants, sampled }: ComparisonAxes,
  { quality }: Settings,
  options: Options | undefined,
  loras: readonly LoraOption[],
): Partial<Settings> {
  const defaults = variants
    .map(readVariant)
    .map(
      ({ loras: mixed = [], ...variant }) =>
        options &&
        samplingDefaults({ prompt, ...(quality && { quality }), ...variant, loras: [...mixed] }, options, loras),
    );
  const asked = SAMPLED.filter(
    (field) =>
      sampled.every((each) => each[field] === sampled[0]?.[field]) &&
      sampled.some((each, at) => each[field] !== defaults[at]?.[field]),
  );
  const values = Object.fromEntries(asked.map((field) => [field, sampled[0]?.[field]]));
  return "steps" in values ? { ...values, quality: undefined } : values; // steps win over quality
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
