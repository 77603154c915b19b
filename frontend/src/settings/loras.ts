/** Which LoRA a name means, and whether a prompt calls for it, by the server's own rules (server/loras/registry.py). */
import type { GenerateRequest, LoraOption, Options } from "@/api/types";

/** `<lora:jade:0.8>` in a prompt, and the space before it (server/loras/prompt_tags.py). */
export const LORA_TAG = /\s*<lora:([^<>:]*)(?::([^<>]*))?>/gi;

/** The words that are left: what a picture is asked for with when its LoRAs stand beside the prompt. */
export function withoutLoraTags(prompt: string): string {
  return prompt.replace(LORA_TAG, "").trim();
}

/** The server's own word for no LoRA, beside null. */
const BASE = "base";

/** The name of the LoRA that `request` is made with before all others; null: none. */
export function wantedModel(request: GenerateRequest, options: Options): string | null {
  const named = request.model_name === undefined ? options.defaults.model_name : request.model_name;
  return named === BASE ? null : named;
}

/** A bare name is the version that the server says, its newest (the list's first) or the pinned one. */
export function findLora(name: string | null, loras: readonly LoraOption[]): LoraOption | null {
  const versions = loras.filter((lora) => lora.name === name);
  const meant = versions.find((lora) => lora.is_default) ?? versions[0];
  return meant ?? loras.find((lora) => lora.label === name) ?? null;
}

/** How strong a LoRA is where the request does not say. */
export function ownWeight(lora: LoraOption | null, options: Options): number {
  return lora?.weight ?? options.defaults.lora_weight;
}

/** The trigger words of all LoRAs that `request` names, lower case: they know them, even where the model does not. */
export function taughtWords(request: GenerateRequest, options: Options, loras: readonly LoraOption[]): string[] {
  const tagged = [...request.prompt.matchAll(LORA_TAG)].map(([, name = ""]) => name.trim());
  const names = [wantedModel(request, options), ...(request.loras ?? []).map(({ name }) => name), ...tagged];
  const triggers = names.map((name) => findLora(name, loras)?.trigger ?? "");
  return triggers.join(" ").toLowerCase().split(/\s+/).filter(Boolean);
}

/** The trigger words stand in `prompt` as whole words, in any case and spacing. No words always do. */
export function holdsTrigger(prompt: string, trigger: string | null): boolean {
  const words = (trigger ?? "").split(/\s+/).filter(Boolean);
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("\\s+");
  return pattern === "" || new RegExp(`(?<![\\p{L}\\p{N}_])${pattern}(?![\\p{L}\\p{N}_])`, "iu").test(prompt);
}
