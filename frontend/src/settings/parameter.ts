/** The description of one generation parameter, and a constructor for the usual ones. */
import type { GenerateRequest, LoraOption, Metadata, Options } from "@/api/types";
import type { Infotext } from "./infotext";

export type Settings = GenerateRequest;
export type Part = Partial<Settings>;

/** The server's lists that are needed to read a picture's file: samplers and upscalers of /api/options, the LoRAs of
 * /api/loras. */
export interface Known {
  readonly samplers: Options["samplers"];
  readonly upscalers: readonly string[];
  readonly loras: readonly LoraOption[];
}

export interface Parameter {
  /** Its name in the address. */
  readonly key: string;
  /** The fields of a request that it sets. */
  readonly fields: readonly (keyof Settings)[];
  /** What the form and a refusal call it. */
  readonly label: string;
  /** True if its form control is in the drawer "Advanced". */
  readonly isAdvanced?: boolean;
  /** True if it may stand in the address several times. */
  readonly isMany?: boolean;
  /** Null for values that no server accepts. */
  parse(values: readonly string[]): Part | null;
  /** Empty where the fields are not set. */
  write(settings: Settings): readonly string[];
  ofMetadata(metadata: Metadata): Part;
  ofInfotext(text: Infotext, known: Known): Part;
  /** True if the server does the same without it. `options` are undefined until they are loaded. */
  isDefault?(settings: Settings, options: Options | undefined): boolean;
  /** Label and value next to a picture; null if the parameter is not set. */
  readonly fact?: { readonly label: string; of(settings: Settings): string | null };
}

type Value<Field extends keyof Settings> = NonNullable<Settings[Field]>;

interface ScalarOptions<Field extends keyof Settings> {
  key: string;
  label: string;
  parse: (text: string) => Value<Field> | undefined;
  /** Absent: no file names it. */
  infotext?: (text: Infotext, known: Known) => Settings[Field];
  ofMetadata?: (metadata: Metadata) => Settings[Field];
  default?: (options: Options, settings: Settings) => Settings[Field];
  isAdvanced?: boolean;
  fact?: string;
}

/** A parameter of one field, as most are. By default the metadata has it under the field's name. */
export function scalar<Field extends keyof Settings>(field: Field, options: ScalarOptions<Field>): Parameter {
  const { key, label, parse, infotext, ofMetadata, fact } = options;
  const part = (value: Settings[Field] | undefined): Part => (value === undefined ? {} : { [field]: value });
  return {
    key,
    label,
    fields: [field],
    isAdvanced: options.isAdvanced,
    parse([text = ""]) {
      const value = parse(text);
      return value === undefined ? null : part(value);
    },
    write(settings) {
      const text = settings[field] == null ? null : String(settings[field]);
      return text === null || parse(text) === undefined ? [] : [text];
    },
    ofMetadata: (metadata) =>
      part(ofMetadata ? ofMetadata(metadata) : ((metadata as Part)[field] as Settings[Field] | undefined)),
    ofInfotext: (text, known) => part(infotext?.(text, known)),
    isDefault: (settings, known) =>
      known !== undefined && options.default !== undefined && settings[field] === options.default(known, settings),
    fact: fact === undefined ? undefined : { label: fact, of: (settings) => shown(settings[field]) },
  };
}

export function someText(text: string): string | undefined {
  return text || undefined;
}

/** A finite number; undefined where the text is none. */
export function numberOf(text: string | undefined): number | undefined {
  const parsed = text?.trim() ? Number(text) : Number.NaN;
  return Number.isFinite(parsed) ? parsed : undefined;
}

export function numberFrom(min: number, max: number) {
  return (text: string) => {
    const number = numberOf(text);
    return number !== undefined && number >= min && number <= max ? number : undefined;
  };
}

export function wholeFrom(min: number, max: number) {
  const number = numberFrom(min, max);
  return (text: string) => {
    const value = number(text);
    return Number.isInteger(value) ? value : undefined;
  };
}

/** A whole number of a file's field, unbounded: the form shows it, and the server checks it. */
export function wholeField(name: string) {
  return ({ field }: Infotext) => {
    const text = field(name) ?? "";
    return /^\d+$/.test(text) ? Number(text) : undefined;
  };
}

export function oneOf<Name extends string>(names: readonly Name[]) {
  return (text: string) => names.find((name) => name === text);
}

function shown(value: unknown): string | null {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}
