/** Which LoRA a name means, and whether a prompt calls for it, by the server's own rules (server/jobs/loras.py). */
import type { LoraOption } from "@/api/types";

/** A bare name is its newest version (the list's first). */
export function findLora(name: string | null, loras: readonly LoraOption[]): LoraOption | null {
  return loras.find((lora) => lora.name === name) ?? loras.find((lora) => lora.label === name) ?? null;
}

/** The trigger words stand in `prompt` as whole words, in any case and spacing. No words always do. */
export function holdsTrigger(prompt: string, trigger: string | null): boolean {
  const words = (trigger ?? "").split(/\s+/).filter(Boolean);
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("\\s+");
  return pattern === "" || new RegExp(`(?<![\\p{L}\\p{N}_])${pattern}(?![\\p{L}\\p{N}_])`, "iu").test(prompt);
}
