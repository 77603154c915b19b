/** What is compared: every prompt with every seed by every variant. Pure. */

import type { LoraOption } from "@/api/types";
import { t, tCount } from "@/i18n/t";
import { seedOf } from "@/settings/seed";
import type { Settings } from "@/settings/settings";

/** A LoRA with its weight; `model_name` null: the base model alone. An absent weight is the LoRA's own. */
export interface Variant {
  readonly model_name: string | null;
  readonly model_weight?: number | undefined;
  /** Mixed in. */
  readonly loras?: readonly { readonly name: string; readonly weight: number }[];
}

export interface Plan {
  readonly prompts: readonly string[];
  readonly seeds: readonly number[];
  readonly variants: readonly Variant[];
  /** The same for all; the prompt in it does not count. */
  readonly settings?: Settings;
}

/** The part of the form's settings that a comparison has for all of its pictures. */
export function sharedSettings(settings: Settings): Omit<Settings, "prompt"> {
  const { prompt: _p, seed: _s, num_images: _n, model_name: _m, model_weight: _w, loras: _l, ...shared } = settings;
  return shared;
}

export const MAX_CELLS = 64;

export function numCells({ prompts, seeds, variants }: Plan): number {
  return prompts.length * seeds.length * variants.length;
}

/** `jade-v2 · 0.9`, `No LoRA`. */
export function variantName({ model_name, model_weight, loras = [] }: Variant): string {
  if (model_name === null) return t("No LoRA");
  const all = [{ name: model_name, weight: model_weight }, ...loras];
  return all.map(({ name, weight }) => (weight === undefined ? name : `${name} · ${weight}`)).join(" + ");
}

/** `2 prompts × 3 seeds × 1 variant`. */
export function sumWords({ prompts, seeds, variants }: Plan): string {
  return [
    tCount(prompts.length, "1 prompt", "{count} prompts"),
    tCount(seeds.length, "1 seed", "{count} seeds"),
    tCount(variants.length, "1 variant", "{count} variants"),
  ].join(" × ");
}

/** Why this cannot be compared, and what to do; null where it can. */
export function planProblem(plan: Plan): string | null {
  if (plan.prompts.length === 0) return t("Write a prompt.");
  if (plan.seeds.length === 0) return t("Add a seed.");
  if (plan.variants.length === 0) return t("Add a variant.");
  const names = plan.variants.map(variantName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice) return t("{name} is listed twice.", { name: twice });
  const count = numCells(plan);
  if (count <= MAX_CELLS) return null;
  return t(
    "That is {count} pictures, and a comparison holds {max}: they are made side by side, as one job. Take out a prompt, a seed or a variant.",
    { count, max: MAX_CELLS },
  );
}

/** The numbers in `text`, each once; null where something in it is no seed. */
export function readSeeds(text: string): number[] | null {
  const seeds = text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(seedOf);
  return seeds.every((seed) => seed !== undefined) ? [...new Set(seeds)] : null;
}

/** The default comparison: no LoRA, and the versions of the first LoRA that has several, else the first LoRA. */
export function firstVariants(loras: readonly LoraOption[]): Variant[] {
  const name = loras.find((lora) => loras.filter((each) => each.name === lora.name).length > 1)?.name ?? loras[0]?.name;
  const versions = loras.filter((lora) => lora.name === name).slice(0, 3);
  return [{ model_name: null }, ...versions.map(({ label }) => ({ model_name: label })).reverse()];
}
