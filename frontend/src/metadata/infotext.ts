/** The parameters that A1111's web UI, this studio and many tools write into pictures, read back. */
import type { GenerateRequest, Options } from "@/api/types";

export type SamplerOption = Options["samplers"][number];

const LORA_TAG = /\s*<lora:([^:>]+)(?::([^:>]*))?[^>]*>/g;
const NEGATIVE = "Negative prompt:";
const FIELDS_LINE = /^\s*Steps: *\d/;
const FIELD = /\s*([\w ]+): *("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)/g;

/** What `text` says of a picture. What the form must not keep from before (negative prompt, LoRAs, style) is always set;
 * the text's prompt has the style in it already. `samplers` of /api/options: another one is left out. */
export function parseInfotext(text: string, samplers: readonly SamplerOption[] = []): Partial<GenerateRequest> {
  const lines = text.trim().split(/\r?\n/);
  const fields = FIELDS_LINE.test(lines.at(-1) ?? "") ? readFields(lines.pop() ?? "") : new Map<string, string>();
  const negativeAt = lines.findIndex((line) => line.startsWith(NEGATIVE));
  const negative = negativeAt < 0 ? [] : lines.splice(negativeAt);
  const tagged = lines.join("\n");
  const [model, ...loras] = readLoras(tagged);
  return {
    prompt: tagged.replace(LORA_TAG, "").trim(),
    negative_prompt: negative.join("\n").slice(NEGATIVE.length).trim(),
    model_name: model?.name ?? null,
    model_weight: model?.weight,
    loras,
    style: null,
    num_images: 1,
    steps: whole(fields.get("Steps")),
    guidance_scale: number(fields.get("CFG scale")),
    seed: whole(fields.get("Seed")),
    sampler: samplerName(fields, samplers),
    ...size(fields.get("Size")),
  };
}

function readFields(line: string): Map<string, string> {
  return new Map([...line.matchAll(FIELD)].map(([, name = "", value = ""]) => [name.trim(), unquoted(value.trim())]));
}

/** A value in quotes is JSON. */
function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value; // quoted by a tool that does not escape as JSON does
  }
}

function readLoras(prompt: string): { name: string; weight: number }[] {
  return [...prompt.matchAll(LORA_TAG)].map(([, name = "", weight]) => ({ name, weight: number(weight) ?? 1 }));
}

/** Older tools write the schedule behind the sampler's name: "DPM++ 2M Karras". */
function samplerName(fields: ReadonlyMap<string, string>, samplers: readonly SamplerOption[]): string | undefined {
  const label = fields.get("Sampler");
  const schedule = fields.get("Schedule type") ?? "Automatic";
  const named = (full: string) =>
    samplers.find((sampler) => [sampler.label, sampler.schedule_type].filter(Boolean).join(" ") === full)?.name;
  if (!label) return undefined;
  return schedule === "Automatic" ? named(label) : (named(`${label} ${schedule}`) ?? named(label));
}

function size(value: string | undefined): Pick<GenerateRequest, "width" | "height"> {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(value ?? "") ?? [];
  return width && height ? { width: Number(width), height: Number(height) } : {};
}

function number(value: string | undefined): number | undefined {
  const parsed = value?.trim() ? Number(value) : Number.NaN;
  return Number.isFinite(parsed) ? parsed : undefined;
}

function whole(value: string | undefined): number | undefined {
  return value && /^\d+$/.test(value) ? Number(value) : undefined;
}
