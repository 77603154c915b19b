"use client";
import { BoxesIcon, GaugeIcon, ImagesIcon, PaletteIcon, ProportionsIcon } from "lucide-react";
import type { LoraOption, Options } from "@/api/types";
import { Chip } from "@/components/form/Chip";
import { Choice } from "@/components/form/Choice";
import { NumberField } from "@/components/form/NumberField";
import { useForm } from "@/create/form";
import { lazyPart } from "@/lib/lazy";
import { findLora, ownWeight, wantedModel } from "@/settings/loras";
import { shapeOf, sizeOf, sizeProblem } from "@/settings/shapes";

const NONE = "none";

/** A name that a link or a picture brought and that this server does not have. */
export function notHere(name: string): string {
  return `${name} · not here`;
}

const [LoraPicker, loadPicker] = lazyPart(() => import("./LoraPicker"), {
  meanwhile: () => <div className="min-h-40" />,
});

export function LoraChip({ options, loras }: { options: Options; loras: readonly LoraOption[] }) {
  const { request } = useForm();
  const wanted = wantedModel(request, options);
  const chosen = findLora(wanted, loras);
  const weight = request.model_weight ?? ownWeight(chosen, options);
  return (
    <Chip
      name="LoRA"
      icon={BoxesIcon}
      value={chosen ? `${chosen.label} · ${weight}` : wanted ? notHere(wanted) : "No LoRA"}
      onNear={loadPicker}
    >
      <LoraPicker options={options} loras={loras} />
    </Chip>
  );
}

export function StyleChip({ options }: { options: Options }) {
  const { request, set } = useForm();
  const chosen = options.styles.find((style) => style.name === request.style);
  const items = [...options.styles]
    .sort((a, b) => Number(b.fits) - Number(a.fits))
    .map((style) => ({
      value: style.name,
      label: style.label,
      note: style.fits ? undefined : "The demo model does not know this style",
    }));
  return (
    <Chip
      name="Style"
      icon={PaletteIcon}
      value={chosen?.label ?? (request.style ? notHere(request.style) : "No style")}
    >
      <Choice
        legend="Style"
        layout="list"
        items={[{ value: NONE, label: "None" }, ...items]}
        value={chosen?.name ?? (request.style ? "" : NONE)}
        onChange={(value) => set({ style: value === NONE ? undefined : value })}
      />
    </Chip>
  );
}

export function ShapeChip({ options }: { options: Options }) {
  const { request, set } = useForm();
  const size = sizeOf(request, options);
  const shape = shapeOf(size, options);
  const problem = sizeProblem(size, options);
  const { min_size, max_size, size_multiple } = options.bounds;
  const choose = (width: number, height: number) => {
    const native = width === options.native_width && height === options.native_height;
    set(native ? { width: undefined, height: undefined } : { width, height });
  };
  return (
    <Chip
      name="Shape"
      icon={ProportionsIcon}
      value={shape === "custom" ? `${size.width} × ${size.height}` : capitalized(shape)}
    >
      <div className="space-y-4">
        <Choice
          legend="Shape"
          items={options.shapes.map((item) => ({
            value: item.name,
            label: (
              <span className="flex flex-col items-center gap-1.5 py-1.5 text-xs">
                <Outline width={item.width} height={item.height} />
                {capitalized(item.name)}
              </span>
            ),
          }))}
          value={shape}
          onChange={(name) => {
            const item = options.shapes.find((each) => each.name === name);
            if (item) choose(item.width, item.height);
          }}
        />
        <div className="space-y-2 px-1">
          <NumberField
            label="Width"
            value={size.width}
            min={min_size}
            max={max_size}
            step={size_multiple}
            sliderMax={max_size}
            onChange={(width) => choose(width, size.height)}
          />
          <NumberField
            label="Height"
            value={size.height}
            min={min_size}
            max={max_size}
            step={size_multiple}
            sliderMax={max_size}
            onChange={(height) => choose(size.width, height)}
          />
          <p className={problem ? "text-destructive text-xs" : "text-muted-foreground text-xs"} aria-live="polite">
            {problem ??
              `Pixels, in steps of ${size_multiple}. The model was made for ${options.native_width} × ${options.native_height}.`}
          </p>
        </div>
      </div>
    </Chip>
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

export function CountChip({ options }: { options: Options }) {
  const { request, set } = useForm();
  const count = request.num_images ?? options.defaults.num_images;
  const counts = Array.from({ length: options.bounds.max_images }, (_, n) => String(n + 1));
  return (
    <Chip name="Pictures" icon={ImagesIcon} value={count === 1 ? "1 picture" : `${count} pictures`}>
      <Choice
        legend="Pictures"
        items={counts.map((value) => ({ value, label: value }))}
        value={String(count)}
        onChange={(value) =>
          set({ num_images: Number(value) === options.defaults.num_images ? undefined : Number(value) })
        }
      />
    </Chip>
  );
}

export function QualityChip({ options }: { options: Options }) {
  const { request, set } = useForm();
  const quality = request.quality ?? options.defaults.quality;
  return (
    <Chip
      name="Quality"
      icon={GaugeIcon}
      value={request.steps ? `${request.steps} steps` : `${capitalized(quality)} quality`}
    >
      <Choice
        legend="Quality"
        layout="list"
        items={options.qualities.map(({ name, steps }) => ({
          value: name,
          label: capitalized(name),
          note: `${steps} steps`,
        }))}
        value={request.steps ? ("" as typeof quality) : quality}
        onChange={(value) => set({ quality: value === options.defaults.quality ? undefined : value, steps: undefined })}
      />
      {request.steps && (
        <p className="px-3 pt-2 text-muted-foreground text-xs">Advanced asks for {request.steps} steps, which wins.</p>
      )}
    </Chip>
  );
}

export function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
