/** The parameters that name LoRAs: in the address, in the metadata of a picture, in the text inside a file. */
import { t } from "@/i18n/t";
import type { Infotext } from "./infotext";
import { BASE, findLora, holdsTrigger } from "./loras";
import { type Known, numberFrom, type Parameter, type Settings, scalar, someText } from "./parameter";

type Lora = NonNullable<Settings["loras"]>[number];

/** Stands for "no LoRA" in the address. */
const NO_MODEL = "none";
const MAX_LORAS = 8;
const weight = numberFrom(-20, 20);

export const LORA_PARAMETERS: readonly Parameter[] = [
  {
    ...scalar("model_name", {
      key: "model",
      label: "LoRA",
      parse: someText,
      infotext: (text, known) => lorasOfFile(text, known).model_name,
      ofMetadata: (metadata) => (metadata.model === BASE ? null : metadata.model),
    }),
    parse: ([name = ""]) => (name === "" ? null : { model_name: name === NO_MODEL ? null : name }),
    write: ({ model_name }) => (model_name === undefined ? [] : [model_name ?? NO_MODEL]),
    fact: {
      label: "Model",
      of: ({ model_name, model_weight }) =>
        model_name === undefined ? null : namedLora(model_name ?? BASE, model_weight),
    },
  },
  scalar("model_weight", {
    key: "weight",
    label: "LoRA weight",
    parse: weight,
    infotext: (text, known) => lorasOfFile(text, known).model_weight,
    ofMetadata: ({ model, loras }) => loras.find(({ name }) => name === model)?.weight,
  }),
  {
    key: "lora",
    label: "Further LoRAs",
    fields: ["loras"],
    isMany: true,
    parse(values) {
      const loras = [...new Map(values.flatMap(parseLora).map((lora) => [lora.name, lora])).values()];
      return loras.length > 0 ? { loras: loras.slice(0, MAX_LORAS) } : null;
    },
    write: ({ loras }) =>
      (loras ?? []).map((lora) => (lora.weight == null ? lora.name : `${lora.name}:${lora.weight}`)),
    ofMetadata: ({ model, loras }) => ({
      loras: loras.filter(({ name }) => name !== model).map(({ name, weight }) => ({ name, weight })),
    }),
    ofInfotext: (text, known) => ({ loras: lorasOfFile(text, known).loras }),
    fact: {
      label: "LoRAs",
      of: ({ loras }) => (loras ?? []).map(({ name, weight }) => namedLora(name, weight)).join(", ") || null,
    },
  },
];

function parseLora(value: string): Lora[] {
  const [, name, weightText] = /^([^:]+)(?::(.*))?$/.exec(value) ?? [];
  if (!name) return [];
  if (weightText === undefined) return [{ name }];
  const parsed = weight(weightText);
  return parsed === undefined ? [] : [{ name, weight: parsed }];
}

function namedLora(name: string, weight: number | null | undefined): string {
  if (name === BASE) return t("No LoRA");
  return weight == null ? name : t("{name} at {weight}", { name, weight });
}

function lorasOfFile(
  { prompt, loras }: Infotext,
  known: Known,
): Pick<Settings, "model_name" | "model_weight" | "loras"> {
  const [first, ...rest] = loras.map(({ name, weight }) => ({ name, weight }));
  const isModel = first && holdsTrigger(prompt, findLora(first.name, known.loras)?.trigger ?? null);
  if (isModel) return { model_name: first.name, model_weight: first.weight, loras: rest };
  return { model_name: null, model_weight: undefined, loras: first ? [first, ...rest] : rest };
}
