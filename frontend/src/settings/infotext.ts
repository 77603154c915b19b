/** The parameters that A1111's web UI, this studio and many tools write into pictures, read back. */
import type { GenerateRequest, LoraOption, Options } from "@/api/types";
import { findLora, holdsTrigger } from "./loras";

export type SamplerOption = Options["samplers"][number];

interface Tag {
  name: string;
  weight: number;
  /** Where it stands in the text. */
  start: number;
  end: number;
}

const OURS = "LoRA Studio";
// Anybody's text is read: nothing in these patterns may match the same characters in two ways.
const LORA_TAG = /<lora:([^<>:]+)(?::([^<>:]*))?(?::[^<>]*)?>/g;
const NEGATIVE = "Negative prompt:";
const FIELDS_LINE = /^\s*Steps: *\d/;
const FIELD = /(?:^|,)\s*([A-Za-z][\w ]*): *("(?:\\.|[^"\\])*"|[^,]*)(?=,|$)/g;

/** What `text` says of a picture. What the form must not keep from before (negative prompt, LoRAs, style) is always set;
 * the text's prompt has the style in it already. `samplers` of /api/options: another one is left out. `loras` of
 * /api/loras: the first tag is the model only if asking for it as that adds no trigger words to the prompt. */
export function parseInfotext(
  text: string,
  samplers: readonly SamplerOption[] = [],
  loras: readonly LoraOption[] = [],
): Partial<GenerateRequest> {
  const lines = text.trim().split(/\r?\n/);
  const fields = readFields(FIELDS_LINE.test(lines.at(-1) ?? "") ? (lines.pop() ?? "") : "");
  const negativeAt = lines.findIndex((line) => line.startsWith(NEGATIVE));
  const negative = negativeAt < 0 ? [] : lines.splice(negativeAt);
  const tagged = lines.join("\n");
  const tags = readTags(tagged, fields);
  const prompt = withoutTags(tagged, tags);
  const [first, ...rest] = tags.map(({ name, weight }) => ({ name, weight }));
  const isModel = first && holdsTrigger(prompt, findLora(first.name, loras)?.trigger ?? null);
  return {
    prompt,
    negative_prompt: negative.join("\n").slice(NEGATIVE.length).trim(),
    model_name: isModel ? first.name : null,
    model_weight: isModel ? first.weight : undefined,
    loras: first && !isModel ? [first, ...rest] : rest,
    style: null,
    num_images: 1,
    steps: whole(fields("Steps")),
    guidance_scale: number(fields("CFG scale")),
    seed: whole(fields("Seed")),
    sampler: samplerName(fields, samplers),
    ...size(fields("Size")),
  };
}

/** Of a field's name its value, the last where it stands twice. */
type Fields = (name: string) => string | undefined;

/** Values are unquoted when they are asked for: each that cannot be costs an exception. */
function readFields(line: string): Fields {
  const written = new Map([...line.matchAll(FIELD)].map(([, name = "", value = ""]) => [name.trim(), value.trim()]));
  return (name) => {
    const value = written.get(name);
    return value && unquoted(value);
  };
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

/** The tags that are LoRAs. We write one behind the prompt for each LoRA that the fields name: in our pictures any other
 * is a visitor's text. */
function readTags(prompt: string, fields: Fields): Tag[] {
  const tags = [...prompt.matchAll(LORA_TAG)].map((match) => {
    const [all, name = "", weight] = match;
    return { name, weight: number(weight) ?? 1, start: match.index, end: match.index + all.length };
  });
  if (!fields("Version")?.startsWith(OURS)) return tags;
  const hashes = (fields("Lora hashes") ?? "").split(", ");
  const names = new Set(hashes.map((each) => each.slice(0, Math.max(0, each.lastIndexOf(":")))));
  const last = new Map(tags.map((tag) => [tag.name, tag]));
  return tags.filter((tag) => names.has(tag.name) && last.get(tag.name) === tag);
}

/** `prompt` without `tags` and the space before each. */
function withoutTags(prompt: string, tags: readonly Tag[]): string {
  const starts = [0, ...tags.map((tag) => tag.end)];
  const ends = [...tags.map((tag) => tag.start), prompt.length];
  return starts
    .map((start, at) => prompt.slice(start, ends[at]))
    .map((piece, at) => (at < tags.length ? piece.trimEnd() : piece))
    .join("")
    .trim();
}

/** Older tools write the schedule behind the sampler's name: "DPM++ 2M Karras". */
function samplerName(fields: Fields, samplers: readonly SamplerOption[]): string | undefined {
  const label = fields("Sampler");
  const schedule = fields("Schedule type") ?? "Automatic";
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
