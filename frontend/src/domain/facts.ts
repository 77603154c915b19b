/** Facts about a job or picture as label and value. Parameters that the server has resolved win over requested ones. */

import type { Output } from "@/api/types";
import { t } from "@/i18n/t";
import { fileSize, sizeWords, stepCount } from "@/lib/words/quantities";
import { factsOfSettings, type Settings, settingsOfMetadata } from "@/settings/settings";
import { type Job, promptOf } from "./job";

export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** The label of the prompt with what a LoRA or a style has added. */
export const SENT = "Sent to the model";

/** `samplerLabel` gives `dpmpp_2m` its name for people. With an `output`, its own seed and size; else the job's. Facts
 * that are not known are left out. */
export function factsOf(
  job: Job,
  output: Output | null,
  samplerLabel: (name: string) => string = (name) => name,
): Fact[] {
  const facts = factsOfSettings(knownSettings(job, output), samplerLabel);
  const sent = output?.final_prompt ?? job.metadata?.final_prompt;
  if (sent !== undefined && sent !== promptOf(job)) facts.unshift({ label: SENT, value: sent });
  return output ? [...facts, { label: "File", value: `${formatOf(output)}, ${fileSize(output.bytes)}` }] : facts;
}

/** The few under a prompt: `jade-v1`, `watercolor`, `256 × 256`, `30 steps`, `seed 7`. None until the server has sent what
 * made the job: half of them would come a moment later. */
export function glance(job: Job): string[] {
  if (job.metadata === null) return [];
  const { model_name, style, width, height, steps, seed } = knownSettings(job, null);
  return [
    model_name === null ? t("No LoRA") : model_name,
    style,
    width && height && sizeWords(width, height),
    steps && stepCount(steps),
    seedWords(job, seed),
  ].flatMap((word) => (word ? [word] : []));
}

/** `seed 7`; of several pictures `seeds 7 to 10`. */
function seedWords(job: Job, seed: number | null | undefined): string | null {
  if (seed == null) return null;
  const last = job.outputs.at(-1)?.seed ?? seed;
  return last === seed
    ? t("seed {seed}", { seed: String(seed) })
    : t("seeds {first} to {last}", { first: String(seed), last: String(last) });
}

/** What is not the same in both, in the order of `first`; `null` stands for a fact that one side lacks. */
export function differences(
  first: readonly Fact[],
  second: readonly Fact[],
): { label: string; first: string | null; second: string | null }[] {
  const labels = [...new Set([...first, ...second].map(({ label }) => label))];
  const valueIn = (facts: readonly Fact[], label: string) => facts.find((fact) => fact.label === label)?.value ?? null;
  return labels
    .map((label) => ({ label, first: valueIn(first, label), second: valueIn(second, label) }))
    .filter((pair) => pair.first !== pair.second);
}

function knownSettings(job: Job, output: Output | null): Settings {
  const settings = job.metadata ? settingsOfMetadata(job.metadata) : job.request;
  const { width, height } = output ?? job;
  return { ...settings, width, height, ...(output && { seed: output.seed }) };
}

function formatOf(output: Output): string {
  const name = output.content_type.split("/").at(-1) ?? "";
  return name === "webp" ? "WebP" : name.toUpperCase();
}
