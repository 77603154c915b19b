/** The parameters of a job or picture as people read them. What the server resolved wins over what was asked for. */
import type { Output } from "@/api/types";
import type { Job } from "@/domain/job";

export interface Fact {
  readonly label: string;
  readonly value: string;
}

interface Weighted {
  name: string;
  weight?: number;
}

/** `samplerLabel` turns `dpmpp_2m` into the name people know. With an `output`, its own seed; else the job's. Facts that
 * are not known are left out. */
export function factsOf(
  job: Job,
  output: Output | null,
  samplerLabel: (name: string) => string = (name) => name,
): Fact[] {
  const { request, metadata } = job;
  const told = (key: string) => shown(metadata?.[key]);
  const sampler = told("sampler") ?? shown(request.sampler);
  const rows: [string, string | null][] = [
    ["Model", modelOf(job)],
    ["LoRAs", lorasOf(job)],
    ["Style", shown(request.style)],
    ["Seed", shown(output?.seed) ?? told("seed") ?? shown(request.seed)],
    ["Size", output ? sizeWords(output.width, output.height) : sizeWords(job.width, job.height)],
    ["Steps", told("steps") ?? shown(request.steps)],
    ["Guidance", told("guidance_scale") ?? shown(request.guidance_scale)],
    ["Sampler", sampler && samplerLabel(sampler)],
    ["Negative prompt", told("negative_prompt") ?? shown(request.negative_prompt)],
    ["File", output ? `${formatOf(output)}, ${fileSize(output.bytes)}` : null],
  ];
  return rows.flatMap(([label, value]) => (value ? [{ label, value }] : []));
}

/** The few that stand under a prompt: `jade-v1`, `watercolor`, `256 × 256`, `30 steps`, `seed 7`. */
export function glance(job: Job): string[] {
  const known = new Map(factsOf(job, null).map(({ label, value }) => [label, value]));
  const steps = known.get("Steps");
  const seed = known.get("Seed");
  return [
    nameOf(job),
    known.get("Style"),
    known.get("Size"),
    steps && `${steps} ${steps === "1" ? "step" : "steps"}`,
    seed && `seed ${seed}`,
  ].flatMap((word) => (word ? [word] : []));
}

/** What is not the same in both, in the order of `mine`; `null` stands for a fact that one side lacks. */
export function differences(
  mine: readonly Fact[],
  theirs: readonly Fact[],
): { label: string; mine: string | null; theirs: string | null }[] {
  const labels = [...new Set([...mine, ...theirs].map(({ label }) => label))];
  const valueIn = (facts: readonly Fact[], label: string) => facts.find((fact) => fact.label === label)?.value ?? null;
  return labels
    .map((label) => ({ label, mine: valueIn(mine, label), theirs: valueIn(theirs, label) }))
    .filter((pair) => pair.mine !== pair.theirs);
}

export function sizeWords(width_px: number, height_px: number): string {
  return `${width_px} × ${height_px}`;
}

/** `812 B`, `21 KB`, `1.4 MB`. */
export function fileSize(size_bytes: number): string {
  if (size_bytes < 1000) return `${size_bytes} B`;
  if (size_bytes < 999_500) return `${Math.round(size_bytes / 1000)} KB`;
  return `${(size_bytes / 1_000_000).toFixed(1)} MB`;
}

function formatOf(output: Output): string {
  const name = output.content_type.split("/").at(-1) ?? "";
  return name === "webp" ? "WebP" : name.toUpperCase();
}

function modelOf(job: Job): string | null {
  const name = nameOf(job);
  const weight = weighted(job.metadata?.loras).find((lora) => lora.name === name)?.weight;
  return name && weight !== undefined ? `${name} at ${weight}` : name;
}

function nameOf({ metadata, request }: Job): string | null {
  const name = shown(metadata?.model) ?? (request.model_name === null ? "base" : shown(request.model_name));
  return name === "base" ? "No LoRA" : name;
}

function lorasOf({ metadata, request }: Job): string | null {
  const main = shown(metadata?.model);
  const further = metadata ? weighted(metadata.loras).filter((lora) => lora.name !== main) : (request.loras ?? []);
  return further.map(({ name, weight }) => (weight === undefined ? name : `${name} at ${weight}`)).join(", ") || null;
}

/** The LoRAs in a job's metadata. */
export function weighted(value: unknown): Weighted[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (each): each is Weighted => typeof each === "object" && each !== null && typeof each.name === "string",
  );
}

function shown(value: unknown): string | null {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}
