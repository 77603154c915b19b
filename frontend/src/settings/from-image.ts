/** The parameters of images that are made from an image, and of a second pass: rows of the list in settings.ts. */
import { t } from "@/i18n/t";
import { stepCount } from "@/lib/words/quantities";
import type { Infotext } from "./infotext";
import {
  type Known,
  numberFrom,
  numberOf,
  oneOf,
  type Parameter,
  type Part,
  type Settings,
  wholeFrom,
} from "./parameter";
import { type Size, scaled } from "./shapes";

type Init = NonNullable<Settings["init"]>;
type Mask = NonNullable<Settings["mask"]>;
type Extension = NonNullable<Settings["extend"]>;
type Hires = NonNullable<Settings["hires"]>;

export const SIDES = ["left", "right", "top", "bottom"] as const;
export type Side = (typeof SIDES)[number];

const ASSET = /^[0-9a-f]{64}$/;
const IMAGE = /^[0-9a-f]{32}-[0-9]{1,2}$/;
const UPSCALER = /^[^:]{1,128}$/;
/** Stands for a field that is not set. */
const NONE = "";
const MAX_SCALE = 4;
const strengthOf = (text: string) => numberFrom(0, 1)(text) || undefined;
const resizeOf = oneOf(["crop", "stretch", "fill"]);
const modeOf = oneOf(["soft", "hard"]);
const contentOf = oneOf(["original", "fill", "noise"]);
const blurOf = numberFrom(0, 64);
const paddingOf = wholeFrom(0, 1024);
const sideOf = wholeFrom(0, 2048);
const stepsOf = wholeFrom(1, 150);
const upscalerOf = (name: string) => (UPSCALER.test(name) ? name : undefined);

export const FROM_IMAGE: readonly Parameter[] = [
  {
    key: "start",
    label: "Start picture",
    fields: ["init"],
    parse: ([text = ""]) => part("init", parseInit(text)),
    write: ({ init }) => written(init && [init.asset_id ?? init.from_image, init.strength, init.resize, init.upscaler]),
    ofMetadata: ({ init }) => part("init", init && withoutNulls(init)),
    ofInfotext: () => ({}),
    fact: {
      label: "Start strength",
      of: ({ init }) =>
        [init?.strength, init?.upscaler && t("enlarged by {upscaler}", { upscaler: init.upscaler })]
          .filter(Boolean)
          .join(", ") || null,
    },
  },
  {
    key: "mask",
    label: "Mask",
    fields: ["mask"],
    parse: ([text = ""]) => part("mask", parseMask(text)),
    write: ({ mask }) =>
      written(
        mask && [mask.asset_id, mask.mode, mask.blur, mask.padding, mask.content, mask.invert ? "inverted" : null],
      ),
    ofMetadata: ({ mask }) => part("mask", mask && withoutNulls(mask)),
    ofInfotext: () => ({}),
    fact: { label: "Mask", of: ({ mask }) => (mask ? maskWords(mask) : null) },
  },
  {
    key: "extend",
    label: "Extension",
    fields: ["extend"],
    parse: ([text = ""]) => part("extend", parseExtension(text)),
    write: ({ extend }) => written(extend && SIDES.map((side) => extend[side] ?? 0)),
    ofMetadata: ({ extend }) => part("extend", extend),
    ofInfotext: () => ({}),
    fact: { label: "Extended", of: ({ extend }) => (extend ? extensionWords(extend) : null) },
  },
  {
    key: "hires",
    label: "Second pass",
    fields: ["hires"],
    isAdvanced: true,
    parse: ([text = ""]) => part("hires", parseHires(text)),
    write: ({ hires }) => written(hires && [sizeText(hires), hires.strength, hires.steps, hires.upscaler]),
    ofMetadata: ({ hires, width, height }) => part("hires", hires && withScale(withoutNulls(hires), { width, height })),
    ofInfotext: (text, known) => part("hires", hiresOfFile(text, known)),
    fact: { label: "Second pass", of: ({ hires }) => (hires ? hiresWords(hires) : null) },
  },
];

/** `64 px left, 32 px top`; empty for none. */
export function extensionWords(extend: Extension): string {
  return SIDES.flatMap((side) => (extend[side] ? [`${extend[side]} px ${t(side)}`] : [])).join(", ");
}

function part<Field extends keyof Settings>(field: Field, value: Settings[Field] | undefined): Part {
  return value == null ? {} : { [field]: value };
}

/** The values joined by colons, without the unset ones at the end. Empty where the first is not set. */
function written(values: readonly (string | number | null | undefined)[] | null | undefined): readonly string[] {
  if (values?.[0] == null) return [];
  return [
    values
      .map((value) => value ?? NONE)
      .join(":")
      .replace(/:+$/, ""),
  ];
}

/** The fields of a text that are set; null where one is set to what no server accepts. */
function fieldsOf<Fields extends object>(
  texts: readonly string[],
  parsers: { readonly [Name in keyof Fields]-?: (text: string) => Fields[Name] | undefined },
): Fields | null {
  const names = Object.keys(parsers) as (keyof Fields)[];
  if (texts.length > names.length) return null;
  const set = names.flatMap((name, at) => (texts[at] ? [[name, parsers[name](texts[at])] as const] : []));
  return set.some(([, value]) => value === undefined) ? null : (Object.fromEntries(set) as Fields);
}

function parseInit(text: string): Init | null {
  const [id = "", ...rest] = text.split(":");
  const source = ASSET.test(id) ? { asset_id: id } : IMAGE.test(id) ? { from_image: id } : null;
  const fields = fieldsOf<Omit<Init, "asset_id" | "from_image">>(rest, {
    strength: strengthOf,
    resize: resizeOf,
    upscaler: upscalerOf,
  });
  return source && fields && { ...source, ...fields };
}

function parseMask(text: string): Mask | null {
  const [asset_id = "", ...rest] = text.split(":");
  const fields = fieldsOf<Omit<Mask, "asset_id">>(rest, {
    mode: modeOf,
    blur: blurOf,
    padding: paddingOf,
    content: contentOf,
    invert: (word) => word === "inverted" || undefined,
  });
  return ASSET.test(asset_id) ? fields && { asset_id, ...fields } : null;
}

function parseExtension(text: string): Extension | null {
  const pixels = text.split(":").map(sideOf);
  if (pixels.length !== SIDES.length || pixels.some((px) => px === undefined || px % 8 !== 0)) return null;
  const [left = 0, right = 0, top = 0, bottom = 0] = pixels;
  return left + right + top + bottom > 0 ? { left, right, top, bottom } : null;
}

function parseHires(text: string): Hires | null {
  const [size = "", ...rest] = text.split(":");
  const target = parseTarget(size);
  const fields = fieldsOf<Pick<Hires, "strength" | "steps" | "upscaler">>(rest, {
    strength: strengthOf,
    steps: stepsOf,
    upscaler: upscalerOf,
  });
  return target && fields && { ...target, ...fields };
}

/** `2`, a scale, or `1536x1024`, pixels. */
function parseTarget(text: string): Pick<Hires, "scale" | "width" | "height"> | null {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (width && height) return { width: Number(width), height: Number(height) };
  const scale = numberOf(text);
  return scale !== undefined && scale > 1 && scale <= MAX_SCALE ? { scale } : null;
}

function sizeText({ scale, width, height }: Hires): string {
  return width && height ? `${width}x${height}` : String(scale ?? 2);
}

/** The keys are A1111's. An upscaler that is not known is left out. */
function hiresOfFile({ field }: Infotext, { upscalers }: Known): Hires | null {
  const target = parseTarget(field("Hires upscale") ?? field("Hires resize") ?? "");
  if (!target) return null;
  const strength = strengthOf(field("Denoising strength") ?? "");
  const steps = stepsOf(field("Hires steps") ?? "");
  const named = (field("Hires upscaler") ?? "").toLowerCase();
  const upscaler = upscalers.find(
    (name) => name.toLowerCase() === named || named.startsWith(`${name.toLowerCase()} (`),
  );
  return { ...target, ...(strength && { strength }), ...(steps && { steps }), ...(upscaler && { upscaler }) };
}

function hiresWords(hires: Hires): string {
  const { width, height, scale, upscaler, steps, strength } = hires;
  return [
    width && height ? `${width} × ${height}` : `${scale ?? 2} ×`,
    upscaler,
    steps && stepCount(steps),
    strength && t("strength {value}", { value: strength }),
  ]
    .filter(Boolean)
    .join(", ");
}

function maskWords({ mode, blur, padding, content }: Mask): string {
  return [
    mode === "hard" ? t("hard edge") : t("soft edge {px} px", { px: blur ?? 4 }),
    padding != null && t("only this area"),
    content && content !== "original" && t(content === "fill" ? "from the colors around" : "from noise"),
  ]
    .filter(Boolean)
    .join(", ");
}

/** The scale that leads from `size` to the second pass, where there is one: it holds for other sizes too. */
function withScale(hires: Hires, size: Size): Hires {
  const { width, height, ...others } = hires;
  if (!width || !height) return hires;
  const scale = Number((width / size.width).toFixed(3));
  const target = scaled(size, scale);
  return target.width === width && target.height === height ? { scale, ...others } : hires;
}

/** The server writes every field, the form only what is set. */
function withoutNulls<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null && each !== false)) as Value;
}
