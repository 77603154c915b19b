/** The only list of generation parameters. The form, the address, the metadata of a picture, the text inside a file, the
 * facts next to a picture and the field names in an error all derive from it. A new parameter is a row here and its
 * form control. */

import { createMultiParser, createParser } from "nuqs";
import type { LoraOption, Metadata, Options } from "@/api/types";
import { t, tName } from "@/i18n/t";
import { capitalized } from "@/lib/words/names";
import { percent, sizeWords } from "@/lib/words/quantities";
import { FROM_IMAGE } from "./from-image";
import type { Infotext } from "./infotext";
import { LORA_PARAMETERS } from "./lora-parameters";
import { fewStepsLora, withoutLoraTags } from "./loras";
import {
  type Known,
  numberFrom,
  numberOf,
  oneOf,
  type Parameter,
  type Part,
  type Settings,
  scalar,
  someText,
  wholeField,
  wholeFrom,
} from "./parameter";
import { seedOf } from "./seed";
import { sizeProblem } from "./shapes";

export type { Settings } from "./parameter";

/** ComfyUI's names of samplers, where ours differ. */
const COMFY_NAMES: Readonly<Record<string, string>> = { euler_ancestral: "euler_a", uni_pc: "unipc" };
/** Keys of what a LoRA for few steps decides. */
const SAMPLED: readonly string[] = ["steps", "guidance", "sampler"];
const side = wholeFrom(8, 16384);
const share = numberFrom(0, 1);

const PARAMETERS: readonly Parameter[] = [
  scalar("prompt", {
    key: "prompt",
    label: "Prompt",
    parse: someText,
    infotext: ({ prompt }) => prompt,
    ofMetadata: ({ prompt }) => withoutLoraTags(prompt), // its LoRAs are among `loras`: named twice, both weights count
  }),
  ...LORA_PARAMETERS,
  scalar("style", { key: "style", label: "Style", parse: someText, fact: "Style" }), // in a file, the prompt has it in it
  scalar("quality", {
    key: "quality",
    label: "Quality",
    parse: oneOf(["low", "medium", "high"]),
    default: ({ defaults }) => defaults.quality,
  }),
  scalar("num_images", {
    key: "n",
    label: "Pictures",
    parse: wholeFrom(1, 8),
    infotext: () => 1,
    default: ({ defaults }) => defaults.num_images,
  }),
  scalar("seed", {
    key: "seed",
    label: "Seed",
    parse: seedOf,
    infotext: ({ field }) => seedOf(field("Seed") ?? ""),
    isAdvanced: true,
    fact: "Seed",
  }),
  {
    key: "size",
    label: "Size",
    fields: ["width", "height"],
    parse: ([text = ""]) => parseSize(text),
    write: ({ width, height }) => (width && height ? [`${width}x${height}`] : []),
    // an extension is added to the size of the image that it starts from
    ofMetadata: ({ width, height, extend }) => (extend ? {} : { width, height }),
    ofInfotext({ field }) {
      const [, width, height] = /^(\d+)x(\d+)$/.exec(field("Size") ?? "") ?? [];
      return width && height ? { width: Number(width), height: Number(height) } : {};
    },
    isDefault: ({ width, height, init }, options) => {
      // next to a start, which has a size, the default is that; only an upscaler makes it larger than one pass can
      if (init) return Boolean(!init.upscaler && width && height && options && sizeProblem({ width, height }, options));
      return width === options?.native_width && height === options?.native_height;
    },
    fact: { label: "Size", of: ({ width, height }) => (width && height ? sizeWords(width, height) : null) },
  },
  scalar("steps", {
    key: "steps",
    label: "Steps",
    parse: wholeFrom(1, 150),
    infotext: wholeField("Steps"),
    default: ({ qualities, defaults }, { quality }) =>
      qualities.find(({ name }) => name === (quality ?? defaults.quality))?.steps,
    isAdvanced: true,
    fact: "Steps",
  }),
  scalar("guidance_scale", {
    key: "guidance",
    label: "Guidance",
    parse: numberFrom(0, 30),
    infotext: ({ field }) => numberOf(field("CFG scale")),
    default: ({ defaults }) => defaults.guidance_scale,
    isAdvanced: true,
    fact: "Guidance",
  }),
  {
    key: "guided",
    label: "Guidance interval",
    fields: ["guidance_start", "guidance_end"],
    isAdvanced: true,
    parse([text = ""]) {
      const [start, end, ...rest] = text.split(":").map(share);
      return start === undefined || end === undefined || rest.length > 0 ? null : interval(start, end);
    },
    write({ guidance_start: start, guidance_end: end }) {
      return interval(start, end) ? [`${start ?? 0}:${end ?? 1}`] : [];
    },
    ofMetadata: ({ guidance_start, guidance_end }) => interval(guidance_start, guidance_end) ?? {},
    ofInfotext: ({ field }) =>
      interval(share(field("Guidance start") ?? "0"), share(field("Guidance end") ?? "1")) ?? {},
    fact: {
      label: "Guided part",
      of: ({ guidance_start: start, guidance_end: end }) =>
        interval(start, end) ? t("{from} to {to} %", { from: percent(start ?? 0), to: percent(end ?? 1) }) : null,
    },
  },
  {
    ...scalar("clip_skip", {
      key: "clip_skip",
      label: "CLIP skip",
      parse: wholeFrom(0, 11),
      infotext: (text) => decremented(wholeField("Clip skip")(text)),
      default: () => 0,
      isAdvanced: true,
    }),
    fact: { label: "CLIP skip", of: ({ clip_skip }) => (clip_skip ? String(clip_skip) : null) },
  },
  {
    ...scalar("prompt_syntax", {
      key: "syntax",
      label: "Prompt syntax",
      parse: oneOf(["a1111", "plain"]),
      infotext: ({ field }) => (field("Prompt syntax") === "plain" ? "plain" : undefined),
      default: () => "a1111",
      isAdvanced: true,
    }),
    fact: {
      label: "Prompt syntax",
      of: ({ prompt_syntax }) => (prompt_syntax === "plain" ? t("Weights only") : null),
    },
  },
  scalar("expansion", {
    key: "expansion",
    label: "Variants",
    parse: oneOf(["random", "combinatorial"]),
    default: () => "random",
    isAdvanced: true,
    ofMetadata: () => undefined,
  }),
  scalar("sampler", {
    key: "sampler",
    label: "Sampler",
    parse: someText,
    infotext: samplerOfFile,
    default: ({ defaults }) => defaults.sampler,
    isAdvanced: true,
    fact: "Sampler",
  }),
  scalar("negative_prompt", {
    key: "negative",
    label: "Negative prompt",
    parse: (text) => text,
    infotext: ({ negativePrompt }) => negativePrompt,
    default: ({ defaults }) => defaults.negative_prompt,
    fact: "Negative prompt",
  }),
  scalar("format", {
    key: "format",
    label: "Format",
    parse: oneOf(["jpeg", "png", "webp"]),
    default: ({ defaults }) => defaults.format,
    isAdvanced: true,
  }),
  ...FROM_IMAGE,
];

/** For nuqs: a key of the address to the fields that it sets. */
export const SETTINGS_PARSERS = Object.fromEntries(PARAMETERS.map((each) => [each.key, parserOf(each)]));

/** What `SETTINGS_PARSERS` read, by key of the address. */
export type AddressParts = Readonly<Record<string, Part | null>>;

export function settingsOfAddress(parts: AddressParts): Settings {
  return Object.assign({ prompt: "" }, ...Object.values(parts));
}

/** The keys that hold one of `fields`, all keys by default; null where nothing is set. */
export function addressOf(settings: Settings, fields?: readonly string[]): AddressParts {
  const kept = fields ? PARAMETERS.filter((each) => each.fields.some((field) => fields.includes(field))) : PARAMETERS;
  return Object.fromEntries(kept.map((each) => [each.key, isWritten(each, settings) ? partOf(each, settings) : null]));
}

/** The settings that made a job's first picture, with exactly the LoRAs that the server used. */
export function settingsOfMetadata(metadata: Metadata): Settings {
  return { prompt: "", ...Object.assign({}, ...PARAMETERS.map((each) => each.ofMetadata(metadata))) };
}

/** The settings in the text of a picture's file. The first LoRA becomes the model only if that adds no trigger words to the
 * prompt. Samplers that are not `known` are left out. */
export function settingsOfInfotext(text: Infotext, known: Known): Settings {
  return { prompt: "", ...Object.assign({}, ...PARAMETERS.map((each) => each.ofInfotext(text, known))) };
}

/** The same settings as a form holds them: without the fields that equal the server's defaults. With one of `loras` that
 * is made for few steps, the server has other defaults for `SAMPLED`: these stay. */
export function withoutDefaults(
  settings: Settings,
  options: Options | undefined,
  loras: readonly LoraOption[] = [],
): Settings {
  const few = options && fewStepsLora(settings, options, loras);
  const kept = PARAMETERS.filter(
    (each) => (few && SAMPLED.includes(each.key)) || each.isDefault?.(settings, options) !== true,
  );
  const rest: Settings = { prompt: "", ...Object.assign({}, ...kept.map((each) => partOf(each, settings))) };
  return rest.steps == null ? rest : { ...rest, quality: undefined }; // steps win over quality
}

/** `samplerLabel` gives `dpmpp_2m` its name for people. Facts that are not known are left out. */
export function factsOfSettings(settings: Settings, samplerLabel: (name: string) => string) {
  const named = settings.sampler ? { ...settings, sampler: samplerLabel(settings.sampler) } : settings;
  return PARAMETERS.flatMap(({ fact }) => {
    const value = fact?.of(named);
    return fact && value ? [{ label: fact.label, value }] : [];
  });
}

/** How many settings besides the prompt are not left to the server; `ofDrawer`: of the drawer "Advanced". */
export function numChanged(settings: Settings, ofDrawer = false): number {
  const isCounted = ({ isAdvanced, key }: Parameter) => (ofDrawer ? isAdvanced : key !== "prompt");
  return PARAMETERS.filter((each) => isCounted(each) && isWritten(each, settings)).length;
}

/** The label of a request's field, `width` for example. */
export function fieldLabel(field: string): string {
  const [whole = ""] = field.split(".");
  const parameter = PARAMETERS.find(({ fields }) => (fields as readonly string[]).includes(whole));
  if (!parameter) return field;
  return tName(parameter.fields.length === 1 ? parameter.label : capitalized(field.replace("_", " ")));
}

function parserOf(parameter: Parameter) {
  const eq = (one: Part, other: Part) => JSON.stringify(one) === JSON.stringify(other);
  const write = (part: Part) => [...parameter.write({ prompt: "", ...part })];
  const parse = (values: readonly string[]) => parameter.parse(values);
  return parameter.isMany
    ? createMultiParser<Part>({ parse, serialize: write, eq })
    : createParser<Part>({ parse: (value) => parse([value]), serialize: (part) => write(part)[0] ?? "", eq });
}

function partOf({ fields }: Parameter, settings: Settings): Part {
  return Object.fromEntries(
    fields.flatMap((field) => (settings[field] === undefined ? [] : [[field, settings[field]]])),
  );
}

function isWritten(parameter: Parameter, settings: Settings): boolean {
  return parameter.write(settings).length > 0;
}

/** `832x1216`, pixels. */
function parseSize(text: string): Part | null {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  const [wide, high] = [side(width ?? ""), side(height ?? "")];
  return wide && high && wide % 8 === 0 && high % 8 === 0 ? { width: wide, height: high } : null;
}

/** The shares of the steps between which guidance works; null where it is all of them or no interval. */
function interval(start: number | undefined, end: number | undefined): Part | null {
  const [from, to] = [start ?? 0, end ?? 1];
  if (from > to || (from === 0 && to === 1)) return null;
  return { ...(from > 0 && { guidance_start: from }), ...(to < 1 && { guidance_end: to }) };
}

/** A file counts the last layer as 1, a request as 0. */
function decremented(count: number | undefined): number | undefined {
  return count ? count - 1 : undefined;
}

/** Older tools append the schedule to the sampler's name: "DPM++ 2M Karras"; ComfyUI's exporters "dpmpp_2m_karras". */
function samplerOfFile({ field }: Infotext, { samplers }: Known): string | undefined {
  const label = field("Sampler");
  const schedule = field("Schedule type") ?? field("Scheduler") ?? "Automatic";
  const named = (full: string) =>
    samplers.find((sampler) => {
      const words = [sampler.label, sampler.schedule_type].filter(Boolean).join(" ");
      return (
        words.toLowerCase() === full.toLowerCase() ||
        sampler.name === (COMFY_NAMES[full] ?? full.toLowerCase().replaceAll(" ", "_"))
      );
    })?.name;
  if (!label) return undefined;
  return schedule === "Automatic" ? named(label) : (named(`${label} ${schedule}`) ?? named(label));
}
