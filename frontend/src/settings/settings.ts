/** A request as the query of an address, so that settings can be linked to. */
import type { GenerateRequest } from "@/api/types";

type Lora = NonNullable<GenerateRequest["loras"]>[number];

const NO_MODEL = "none";
const QUALITIES = ["low", "medium", "high"] as const;
const FORMATS = ["jpeg", "png", "webp"] as const;
const MAX_LORAS = 8;

/** Without "?"; only fields that are set. */
export function toQuery(request: GenerateRequest): string {
  const query = new URLSearchParams();
  const put = (key: string, value: string | number | null | undefined) => {
    if (value !== null && value !== undefined) query.append(key, String(value));
  };
  put("prompt", request.prompt || null);
  put("negative", request.negative_prompt);
  put("model", request.model_name === null ? NO_MODEL : request.model_name);
  put("weight", request.model_weight);
  for (const { name, weight } of request.loras ?? []) put("lora", weight === undefined ? name : `${name}:${weight}`);
  put("style", request.style);
  put("quality", request.quality);
  put("n", request.num_images);
  if (request.width && request.height) put("size", `${request.width}x${request.height}`);
  put("steps", request.steps);
  put("guidance", request.guidance_scale);
  put("sampler", request.sampler);
  put("seed", request.seed);
  put("format", request.format);
  return query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}

/** The fields that `query` (with or without "?") sets; values that no server takes are dropped, and of
 * LoRAs of one name the last one counts. */
export function fromQuery(query: string): Partial<GenerateRequest> {
  const values = new URLSearchParams(query);
  const model = text(values.get("model"));
  const byName = new Map(values.getAll("lora").flatMap((value) => lora(value).map((each) => [each.name, each])));
  const loras = [...byName.values()].slice(0, MAX_LORAS);
  const request: Partial<GenerateRequest> = {
    prompt: text(values.get("prompt")),
    negative_prompt: values.get("negative") ?? undefined,
    model_name: model === NO_MODEL ? null : model,
    model_weight: number(values.get("weight"), -2, 2),
    loras: loras.length > 0 ? loras : undefined,
    style: text(values.get("style")),
    quality: QUALITIES.find((quality) => quality === values.get("quality")),
    num_images: whole(values.get("n"), 1, 8),
    ...size(values.get("size")),
    steps: whole(values.get("steps"), 1, 150),
    guidance_scale: number(values.get("guidance"), 0, 30),
    sampler: text(values.get("sampler")),
    seed: whole(values.get("seed"), 0, 2 ** 32 - 1),
    format: FORMATS.find((format) => format === values.get("format")),
  };
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

function text(value: string | null): string | undefined {
  return value || undefined;
}

function number(value: string | null, min: number, max: number): number | undefined {
  const parsed = value?.trim() ? Number(value) : Number.NaN;
  return parsed >= min && parsed <= max ? parsed : undefined;
}

function whole(value: string | null, min: number, max: number): number | undefined {
  const parsed = number(value, min, max);
  return Number.isInteger(parsed) ? parsed : undefined;
}

/** `name` or `name:weight`; nothing where it is neither. */
function lora(value: string): Lora[] {
  const [, name, weightText] = /^([^:]+)(?::(.*))?$/.exec(value) ?? [];
  if (!name) return [];
  if (weightText === undefined) return [{ name }];
  const weight = number(weightText, -2, 2);
  return weight === undefined ? [] : [{ name, weight }];
}

/** `832x1216`, pixels. */
function size(value: string | null): Pick<GenerateRequest, "width" | "height"> {
  const [, widthText, heightText] = /^(\d+)x(\d+)$/.exec(value ?? "") ?? [];
  const [width, height] = [widthText, heightText].map((side) => whole(side ?? null, 8, 16384));
  return width && height && width % 8 === 0 && height % 8 === 0 ? { width, height } : {};
}
