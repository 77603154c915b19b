/** What a LoRA adds to a prompt. Pure. */
import type { LoraOption } from "@/api/types";
import { findLora, holdsTrigger } from "@/settings/loras";
import { type Job, promptOf } from "./job";

/** The LoRA of the job and its trigger words, where the server has put them before the prompt; null for any other job. */
export function addedTrigger(job: Job, loras: readonly LoraOption[]): { label: string; trigger: string } | null {
  const { metadata } = job;
  if (metadata === null || metadata.final_prompt === metadata.prompt) return null;
  const lora = findLora(metadata.model, loras);
  if (!lora?.trigger || holdsTrigger(promptOf(job), lora.trigger)) return null;
  return holdsTrigger(metadata.final_prompt, lora.trigger) ? { label: lora.label, trigger: lora.trigger } : null;
}
