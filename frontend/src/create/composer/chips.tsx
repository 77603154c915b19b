"use client";
import type { LoraOption, Options } from "@/api/types";
import { Chip } from "@/components/form/Chip";
import { useForm } from "@/create/form";
import { t, tName } from "@/i18n/t";
import { lazyPart } from "@/lib/lazy";
import { capitalized, notHere } from "@/lib/words/names";
import { sizeWords, stepCount } from "@/lib/words/quantities";
import { findLora, ownWeight, samplingDefaults, wantedModel } from "@/settings/loras";
import { isOfStart, shapeOf, sizeOf } from "@/settings/shapes";

/** The chips of the form: each shows its setting and opens its choices. The code of the choices is fetched with that of
 * the panel around them, when the pointer or the focus reaches a chip. */
const [LoraPicker, loadPicker] = lazyPart(() => import("./panels/LoraPicker"), {
  meanwhile: () => <div className="min-h-40" />,
});
const [ChipPanel, loadPanel] = lazyPart(() => import("./panels/ChipPanel"), {
  meanwhile: () => <div className="min-h-24" />,
});

export function LoraChip({ options, loras }: { options: Options; loras: readonly LoraOption[] }) {
  const { request } = useForm();
  const wanted = wantedModel(request, options);
  const chosen = findLora(wanted, loras);
  const weight = request.model_weight ?? ownWeight(chosen, options);
  return (
    <Chip
      name="LoRA"
      isSet={request.model_name !== undefined || request.model_weight !== undefined}
      value={chosen ? `${chosen.label} · ${weight}` : wanted ? notHere(wanted) : t("None")}
      onNear={loadPicker}
      isWide
    >
      <LoraPicker options={options} loras={loras} />
    </Chip>
  );
}

export function StyleChip({ options }: { options: Options }) {
  const { style } = useForm().request;
  const chosen = options.styles.find(({ name }) => name === style);
  const value = chosen ? tName(chosen.label) : style ? notHere(style) : t("None");
  return (
    <Chip name={t("Style")} isSet={style != null} value={value} onNear={loadPanel}>
      <ChipPanel of="style" options={options} />
    </Chip>
  );
}

export function ShapeChip({ options }: { options: Options }) {
  const { request } = useForm();
  const size = sizeOf(request, options);
  const shape = shapeOf(size, options);
  const ownShape = shape === "custom" ? sizeWords(size.width, size.height) : tName(capitalized(shape));
  const value = isOfStart(request) ? t("Same as start") : ownShape;
  return (
    <Chip name={t("Shape")} isSet={request.width != null || request.height != null} value={value} onNear={loadPanel}>
      <ChipPanel of="shape" options={options} />
    </Chip>
  );
}

export function CountChip({ options }: { options: Options }) {
  const { num_images } = useForm().request;
  const value = String(num_images ?? options.defaults.num_images);
  return (
    <Chip name={t("Pictures")} isSet={num_images != null} value={value} onNear={loadPanel}>
      <ChipPanel of="count" options={options} />
    </Chip>
  );
}

/** `loras`: none where each column has its own. */
export function QualityChip({ options, loras = [] }: { options: Options; loras?: readonly LoraOption[] }) {
  const { request } = useForm();
  const { few, steps } = samplingDefaults(request, options, loras);
  const counted = request.steps ?? (few && steps);
  const value = counted ? stepCount(counted) : tName(capitalized(request.quality ?? options.defaults.quality));
  const isSet = request.steps != null || request.quality != null;
  return (
    <Chip name={t("Quality")} isSet={isSet} value={value} onNear={loadPanel}>
      <ChipPanel of="quality" options={options} loras={loras} />
    </Chip>
  );
}

export function NegativeChip({ options }: { options: Options }) {
  const { negative_prompt } = useForm().request;
  const value = negative_prompt == null ? t("Default") : negative_prompt || t("None");
  return (
    <Chip name={t("Negative prompt")} isSet={negative_prompt != null} value={value} onNear={loadPanel}>
      <ChipPanel of="negative" options={options} />
    </Chip>
  );
}
