/** Reads the text that A1111's web UI, this studio and many tools write into pictures. It parses the format only. */

import { numberOf } from "./parameter";

/** A LoRA as a prompt names it. */
export interface LoraTag {
  readonly name: string;
  readonly weight: number;
}

export interface Infotext {
  /** Without the tags of LoRAs. */
  readonly prompt: string;
  readonly negativePrompt: string;
  /** In the order of the text. */
  readonly loras: readonly LoraTag[];
  /** The value of a field, the last where it stands twice. */
  readonly field: (name: string) => string | undefined;
}

interface PlacedTag extends LoraTag {
  /** Indexes into the text. */
  readonly start: number;
  readonly end: number;
}

const OURS = "LoRA Studio";
// Untrusted text: nothing in these patterns may match the same characters in two ways.
const LORA_TAG = /<lora:([^<>:]+)(?::([^<>:]*))?(?::[^<>]*)?>/g;
const NAMED_WEIGHT = /^\s*(?:te|unet)=/;
const NEGATIVE = "Negative prompt:";
const FIELDS_LINE = /^\s*Steps: *\d/;
const MIN_FIELDS = 3;
/** JSON that Civitai appends without quotes. */
const CIVITAI = /, *Civitai (?:resources|metadata): *[[{]/;
const FIELD = /(?:^|,)\s*([A-Za-z][\w /-]*): *("(?:\\.|[^"\\])*"|[^,]*)(?=,|$)/g;

/** Splits the text into prompt, negative prompt, LoRAs and fields. A text without a line of fields is all prompt. */
export function readInfotext(text: string): Infotext {
  const lines = text.trim().split(/\r?\n/);
  const fieldsAt = fieldsLine(lines);
  const field = readFields(lines.splice(fieldsAt)[0] ?? "");
  const negativeAt = negativeLine(lines, field);
  const negative = negativeAt < 0 ? [] : lines.splice(negativeAt);
  const tagged = lines.join("\n");
  const tags = readTags(tagged, field);
  return {
    prompt: withoutTags(tagged, tags),
    negativePrompt: negative.join("\n").trim().slice(NEGATIVE.length).trim(),
    loras: tags.map(({ name, weight }) => ({ name, weight })),
    field,
  };
}

/** The index of the line of fields; the number of lines where there is none. It is the last line, but some extensions
 * append lines of their own to it. */
function fieldsLine(lines: readonly string[]): number {
  const last = lines.length - 1;
  const at = lines.findLastIndex(
    (line, n) => FIELDS_LINE.test(line) && (n === last || fieldsOf(line).size >= MIN_FIELDS),
  );
  return at < 0 ? lines.length : at;
}

/** The index of the first line of the negative prompt. This studio counts the lines of a prompt that has such a line
 * itself, as `Prompt lines`. */
function negativeLine(lines: readonly string[], field: Infotext["field"]): number {
  const counted = isOurs(field) ? Number(field("Prompt lines") ?? Number.NaN) : Number.NaN;
  const first = Number.isInteger(counted) && counted > 0 ? counted : 0;
  return lines.findIndex((line, at) => at >= first && line.trimStart().startsWith(NEGATIVE));
}

function isOurs(field: Infotext["field"]): boolean {
  return field("Version")?.startsWith(OURS) === true;
}

/** Unquotes a value when it is read, not before: each that is no JSON costs an exception. */
function readFields(line: string): Infotext["field"] {
  const written = fieldsOf(line);
  return (name) => {
    const value = written.get(name);
    return value && unquoted(value);
  };
}

function fieldsOf(line: string): Map<string, string> {
  const civitaiAt = line.search(CIVITAI);
  const fields = civitaiAt < 0 ? line : line.slice(0, civitaiAt);
  return new Map([...fields.matchAll(FIELD)].map(([, name = "", value = ""]) => [name.trim(), value.trim()]));
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

/** The tags that are LoRAs. This studio appends one to the prompt for each LoRA in the field `Lora hashes`: in its
 * pictures any other tag is text of the prompt. */
function readTags(prompt: string, field: Infotext["field"]): PlacedTag[] {
  const tags = [...prompt.matchAll(LORA_TAG)].map((match) => {
    const [all, name = "", weight] = match;
    return {
      name,
      weight: numberOf(weight?.replace(NAMED_WEIGHT, "")) ?? 1,
      start: match.index,
      end: match.index + all.length,
    };
  });
  if (!isOurs(field)) return tags;
  const hashes = (field("Lora hashes") ?? "").split(", ");
  const names = new Set(hashes.map((each) => each.slice(0, Math.max(0, each.lastIndexOf(":")))));
  const last = new Map(tags.map((tag) => [tag.name, tag]));
  return tags.filter((tag) => names.has(tag.name) && last.get(tag.name) === tag);
}

/** `prompt` without `tags` and the space before each. */
function withoutTags(prompt: string, tags: readonly PlacedTag[]): string {
  const starts = [0, ...tags.map((tag) => tag.end)];
  const ends = [...tags.map((tag) => tag.start), prompt.length];
  return starts
    .map((start, at) => prompt.slice(start, ends[at]))
    .map((piece, at) => (at < tags.length ? piece.trimEnd() : piece))
    .join("")
    .trim();
}
