"use client";
import { ArrowLeftRightIcon } from "lucide-react";
import { type ReactNode, useId } from "react";
import type { LoraOption, Options } from "@/api/types";
import { Choice } from "@/components/form/Choice";
import { NumberField } from "@/components/form/NumberField";
import { Switch } from "@/components/form/Switch";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";
import { t, tName } from "@/i18n/t";
import { capitalized } from "@/lib/words/names";
import { sizeWords, stepCount } from "@/lib/words/quantities";
import { samplingDefaults } from "@/settings/loras";
import { hiresProblem, isOfStart, RATIOS, shapeOf, sizeOf, sizeOfRatio, sizeProblem } from "@/settings/shapes";

const NONE = "none";

const PANELS = {
  style: Style,
  shape: Shape,
  count: Count,
  quality: Quality,
  negative: Negative,
} satisfies Record<string, (props: PanelProps) => ReactNode>;

interface PanelProps {
  options: Options;
  loras: readonly LoraOption[];
}

interface ChipPanelProps {
  of: keyof typeof PANELS;
  options: Options;
  /** The LoRAs that can decide the steps. */
  loras?: readonly LoraOption[];
}

/** The choices of a chip. */
export default function ChipPanel({ of, options, loras = [] }: ChipPanelProps) {
  const Panel = PANELS[of];
  return <Panel options={options} loras={loras} />;
}

function Style({ options }: { options: Options }) {
  const { request, set } = useForm();
  const chosen = options.styles.find((style) => style.name === request.style);
  const items = [...options.styles]
    .sort((a, b) => Number(b.fits) - Number(a.fits))
    .map((style) => ({
      value: style.name,
      label: tName(style.label),
      note: style.fits ? undefined : t("Not in the demo model"),
    }));
  return (
    <Choice
      legend={t("Style")}
      layout="list"
      items={[{ value: NONE, label: t("None") }, ...items]}
      value={chosen?.name ?? (request.style ? "" : NONE)}
      onChange={(value) => set({ style: value === NONE ? undefined : value })}
    />
  );
}

function Shape({ options }: { options: Options }) {
  const { request, set } = useForm();
  const size = sizeOf(request, options);
  const { init } = request;
  const problem = (init?.upscaler ? hiresProblem : sizeProblem)(size, options);
  const { min_size, size_multiple } = options.bounds;
  const max_size = (init?.upscaler ? options.image_to_image : options.bounds).max_size;
  const choose = (width: number, height: number) => {
    const native = width === options.native_width && height === options.native_height;
    set(native && !request.init ? { width: undefined, height: undefined } : { width, height });
  };
  const side = { min: min_size, max: max_size, step: size_multiple, sliderMax: max_size };
  return (
    <div className="space-y-4">
      <Choice
        legend={t("Shape")}
        items={options.shapes.map((item) => ({
          value: item.name,
          label: (
            <span className="flex flex-col items-center gap-1.5 py-1.5 text-xs">
              <Outline width={item.width} height={item.height} />
              {tName(capitalized(item.name))}
            </span>
          ),
        }))}
        value={isOfStart(request) ? "" : shapeOf(size, options)}
        onChange={(name) => {
          const item = options.shapes.find((each) => each.name === name);
          if (item) choose(item.width, item.height);
        }}
      />
      <div className="flex flex-wrap gap-1">
        {RATIOS.map((ratio) => {
          const { width, height } = sizeOfRatio(ratio, options);
          return (
            <Button
              key={ratio}
              variant="secondary"
              size="sm"
              aria-pressed={!isOfStart(request) && size.width === width && size.height === height}
              className="px-2.5 tabular-nums aria-pressed:bg-accent aria-pressed:text-accent-foreground"
              onClick={() => choose(width, height)}
            >
              {ratio}
            </Button>
          );
        })}
        <Button variant="ghost" size="sm" className="ml-auto px-2.5" onClick={() => choose(size.height, size.width)}>
          <ArrowLeftRightIcon aria-hidden />
          {t("Swap")}
        </Button>
      </div>
      {request.init && (
        <Switch
          label={t("As the start picture")}
          isOn={isOfStart(request)}
          onChange={(isOn) =>
            set(isOn ? { width: undefined, height: undefined, init: init && { ...init, upscaler: undefined } } : size)
          }
        />
      )}
      <div className="space-y-2 px-1">
        <NumberField label={t("Width")} value={size.width} {...side} onChange={(width) => choose(width, size.height)} />
        <NumberField
          label={t("Height")}
          value={size.height}
          {...side}
          onChange={(height) => choose(size.width, height)}
        />
        <p className={problem ? "text-destructive text-xs" : "text-muted-foreground text-xs"} aria-live="polite">
          {problem ??
            t("Multiples of {multiple} px. Works best at {size}.", {
              multiple: size_multiple,
              size: sizeWords(options.native_width, options.native_height),
            })}
        </p>
      </div>
    </div>
  );
}

/** The shape drawn small; its longer side is 22 px. */
function Outline({ width, height }: { width: number; height: number }) {
  const scale = 22 / Math.max(width, height);
  return (
    <span className="flex size-6 items-center justify-center" aria-hidden>
      <span
        className="rounded-[3px] border-[1.5px] border-current"
        style={{ width: width * scale, height: height * scale }}
      />
    </span>
  );
}

function Count({ options }: { options: Options }) {
  const { request, set } = useForm();
  const standard = options.defaults.num_images;
  const counts = Array.from({ length: options.bounds.max_images }, (_, n) => String(n + 1));
  return (
    <Choice
      legend={t("Pictures")}
      items={counts.map((value) => ({ value, label: value }))}
      value={String(request.num_images ?? standard)}
      onChange={(value) => set({ num_images: Number(value) === standard ? undefined : Number(value) })}
    />
  );
}

function Quality({ options, loras }: PanelProps) {
  const { request, set } = useForm();
  const quality = request.quality ?? options.defaults.quality;
  const { few, steps } = samplingDefaults(request, options, loras);
  return (
    <>
      <Choice
        legend={t("Quality")}
        layout="list"
        items={options.qualities.map(({ name, steps }) => ({
          value: name,
          label: tName(capitalized(name)),
          note: stepCount(steps),
        }))}
        value={request.steps || few ? ("" as typeof quality) : quality}
        onChange={(value) =>
          set(
            few
              ? { steps: options.qualities.find(({ name }) => name === value)?.steps }
              : { quality: value === options.defaults.quality ? undefined : value, steps: undefined },
          )
        }
      />
      {request.steps && (
        <p className="px-3 pt-2 text-muted-foreground text-xs">
          {t("Advanced is set to {steps}, which overrides this.", { steps: stepCount(request.steps) })}
        </p>
      )}
      {few && !request.steps && (
        <p className="px-3 pt-2 text-muted-foreground text-xs">
          {t("{name} is made for {steps}, which overrides this.", { name: few.label, steps: stepCount(steps) })}
        </p>
      )}
    </>
  );
}

/** What the pictures should not show. */
function Negative({ options }: { options: Options }) {
  const { request, set } = useForm();
  const id = useId();
  const isDefault = request.negative_prompt == null;
  return (
    <div className="space-y-1.5 p-1">
      <div className="flex items-baseline justify-between">
        <label htmlFor={id} className="font-medium text-sm">
          {t("Negative prompt")}
        </label>
        {!isDefault && (
          <Button
            variant="ghost"
            size="sm"
            className="-mr-2 h-6 px-2"
            onClick={() => set({ negative_prompt: undefined })}
          >
            {t("Use default")}
          </Button>
        )}
      </div>
      <textarea
        id={id}
        rows={2}
        maxLength={options.bounds.max_prompt_characters}
        className="w-full resize-y rounded-xl border border-input bg-card px-3 py-2 text-sm placeholder:text-muted-foreground"
        placeholder={isDefault ? undefined : t("Nothing")}
        value={request.negative_prompt ?? options.defaults.negative_prompt}
        onChange={(event) => set({ negative_prompt: event.target.value })}
        aria-describedby={`${id}-hint`}
      />
      <p id={`${id}-hint`} className="text-muted-foreground text-xs">
        {t("What the pictures should not show.")}
      </p>
    </div>
  );
}
