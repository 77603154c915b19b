/** Which LoRA a name means, and whether a prompt calls for it, by the server's own rules (server/loras/registry.py). */
import type { GenerateRequest, LoraOption, Options } from "@/api/types";

/** `<lora:jade:0.8>` in a prompt, and the space before it (server/loras/prompt_tags.py). */
export const LORA_TAG = /\s*<lora:([^<>:]*)(?::([^<>]*))?>/gi;

/** The prompt without its LoRA tags, for a request that names the LoRAs in fields of their own. */
export function withoutLoraTags(prompt: string): string {
  return prompt.replace(LORA_TAG, "").trim();
}

/** The server's name for no LoRA, an alternative to null. */
export const BASE = "base";

/** The name of the LoRA that `request` is made with before all others; null: none. */
export function wantedModel(request: GenerateRequest, options: Options): string | null {
  const named = request.model_name === undefined ? options.defaults.model_name : request.model_name;
  return named === BASE ? null : named;
}

/** A bare name means the version that the server marks as default: the newest (the list's first) or the pinned one. */
export function findLora(name: string | null, loras: readonly LoraOption[]): LoraOption | null {
  const versions = loras.filter((lora) => lora.name === name);
  const meant = versions.find((lora) => lora.is_default) ?? versions[0];
  return meant ?? loras.find((lora) => lora.label === name) ?? null;
}

/** The list with `first` and then the `recent` ones, by label, before all others. */
export function recentFirst(
  loras: readonly LoraOption[],
  first: LoraOption | null,
  recent: readonly string[],
): readonly LoraOption[] {
  const used = recent.flatMap((label) => loras.find((lora) => lora.label === label) ?? []);
  return [...new Set([...(first ? [first] : []), ...used, ...loras])];
}

/** The weight of a LoRA for a request that names none. */
export function ownWeight(lora: LoraOption | null, options: Options): number {
  return lora?.weight ?? options.defaults.lora_weight;
}

/** All LoRAs that `request` names, the model first, the tags of the prompt last. */
function namedLoras(request: GenerateRequest, options: Options) {
  const model = wantedModel(request, options);
  const tagged = [...request.prompt.matchAll(LORA_TAG)].map(([, name = "", weight = ""]) => ({
    name: name.trim(),
    weight: weight.trim() === "" ? null : Number(weight),
  }));
  return [...(model ? [{ name: model, weight: request.model_weight }] : []), ...(request.loras ?? []), ...tagged];
}

/** The LoRA for few steps that decides how `request` is sampled, the first that counts
 * (server/generation/lora_choices.py). */
export function fewStepsLora(
  request: GenerateRequest,
  options: Options,
  loras: readonly LoraOption[],
): LoraOption | null {
  const counted = namedLoras(request, options).filter(({ weight }) => weight !== 0);
  return counted.map(({ name }) => findLora(name, loras)).find((lora) => lora?.few_steps) ?? null;
}

/** What a request gets that names no steps, sampler or guidance; `few`: the LoRA for few steps that decides it. */
export function samplingDefaults(request: GenerateRequest, options: Options, loras: readonly LoraOption[]) {
  const few = fewStepsLora(request, options, loras);
  const { defaults, qualities, bounds } = options;
  const quality = qualities.find(({ name }) => name === (request.quality ?? defaults.quality));
  return {
    few,
    steps: few?.few_steps?.steps ?? quality?.steps ?? bounds.min_steps,
    sampler: few?.few_steps?.sampler ?? defaults.sampler,
    guidance_scale: few?.few_steps?.guidance_scale ?? defaults.guidance_scale,
  };
}

/** The trigger words of all LoRAs in `request`, lower case: the LoRAs know them, even if the model does not. */
export function taughtWords(request: GenerateRequest, options: Options, loras: readonly LoraOption[]): string[] {
  const triggers = namedLoras(request, options).map(({ name }) => findLora(name, loras)?.trigger ?? "");
  return triggers.join(" ").toLowerCase().split(/\s+/).filter(Boolean);
}

/** The trigger words stand in `prompt` as whole words, in any case and spacing. No words always do. */
export function holdsTrigger(prompt: string, trigger: string | null): boolean {
  const words = (trigger ?? "").split(/\s+/).filter(Boolean);
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("\\s+");
  return pattern === "" || new RegExp(`(?<![\\p{L}\\p{N}_])${pattern}(?![\\p{L}\\p{N}_])`, "iu").test(prompt);
}
