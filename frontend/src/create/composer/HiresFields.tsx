"use client";
import { useId } from "react";
import type { Options } from "@/api/types";
import { NumberField } from "@/components/form/NumberField";
import { Switch } from "@/components/form/Switch";
import { useForm } from "@/create/form";
import { t } from "@/i18n/t";
import { capitalized, notHere } from "@/lib/words/names";
import { sizeWords } from "@/lib/words/quantities";
import { hiresProblem, resultSize, sizeOf } from "@/settings/shapes";

const SCALE = 2;
/** What the server takes where a request names none (server/generation/requests.py). */
const UPSCALER = "lanczos";

/** A second pass at a larger size. */
export function HiresFields({ options }: { options: Options }) {
  const { request, set } = useForm();
  const { hires, init } = request;
  const { max_scale, upscalers, default_latent_strength, default_upscale_strength } = options.image_to_image;
  const change = (patch: Partial<NonNullable<typeof hires>>) => set({ hires: { ...hires, ...patch } });
  const id = useId();
  if (init) {
    return (
      <p className="text-muted-foreground text-xs">
        {t("With a start picture there is no second pass: upscale the result instead.")}
      </p>
    );
  }
  const size = resultSize(request, options, null);
  const problem = hires ? hiresProblem(size, options) : null;
  const upscaler = hires?.upscaler ?? UPSCALER;
  const defaultStrength = upscaler === "latent" ? default_latent_strength : default_upscale_strength;
  const scale = hires?.scale ?? Number((size.width / sizeOf(request, options).width).toFixed(2));
  return (
    <div className="space-y-3">
      <Switch
        label={t("Second pass (hires)")}
        hint={t("Makes the picture larger and adds detail.")}
        isOn={hires != null}
        onChange={(isOn) => set({ hires: isOn ? { scale: Math.min(SCALE, max_scale) } : undefined })}
      />
      {hires && (
        <>
          <NumberField
            label={t("Scale")}
            value={scale}
            min={1.25}
            max={max_scale}
            step={0.25}
            sliderMax={max_scale}
            onChange={(wanted) => change({ scale: wanted, width: undefined, height: undefined })}
          />
          <p aria-live="polite" className={problem ? "text-destructive text-xs" : "text-muted-foreground text-xs"}>
            {problem ?? t("The result has {size} pixels.", { size: sizeWords(size.width, size.height) })}
          </p>
          <div className="flex items-center justify-between gap-3">
            <label htmlFor={id} className="font-medium text-sm">
              {t("Upscaler")}
            </label>
            <select
              id={id}
              className="h-9 pointer-coarse:h-11 min-w-0 rounded-lg border border-input bg-card px-2.5 text-sm"
              value={upscaler}
              onChange={({ target }) => change({ upscaler: target.value === UPSCALER ? undefined : target.value })}
            >
              {!upscalers.includes(upscaler) && (
                <option value={upscaler} disabled>
                  {notHere(upscaler)}
                </option>
              )}
              {upscalers.map((name) => (
                <option key={name} value={name}>
                  {capitalized(name)}
                </option>
              ))}
            </select>
          </div>
          <NumberField
            label={t("Second pass strength")}
            value={hires.strength ?? defaultStrength}
            min={0.05}
            max={1}
            step={0.01}
            sliderStep={0.05}
            sliderMax={1}
            onChange={(strength) => change({ strength: strength === defaultStrength ? undefined : strength })}
            hint={t("How much the second pass changes. The upscaler latent needs more.")}
          />
        </>
      )}
    </div>
  );
}
