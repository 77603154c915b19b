"use client";
import { type FormEvent, useId, useState } from "react";
import { useOptions } from "@/api/catalog";
import type { Options } from "@/api/types";
import { Button } from "@/components/ui/button";
import type { Picture } from "@/domain/picture";
import { t } from "@/i18n/t";
import { capitalized } from "@/lib/words/names";
import { sizeWords } from "@/lib/words/quantities";
import { hiresProblem, type Size, scaled } from "@/settings/shapes";
import { useDeriveAndShow } from "./use-actions";

const SCALES = [1.5, 2, 3, 4];
const SCALE = 2;
const SELECT = "h-9 pointer-coarse:h-11 min-w-0 flex-1 rounded-lg border border-input bg-card px-2.5 text-sm";

interface UpscaleOptionsProps {
  picture: Picture;
  /** Called before the job is sent. */
  onLeave: () => void;
}

/** Scale and upscaler, where the server has more than one way. */
export function UpscaleOptions({ picture, onLeave }: UpscaleOptionsProps) {
  const options = useOptions().data;
  const derive = useDeriveAndShow(picture);
  const id = useId();
  const [scale, setScale] = useState(SCALE);
  const [upscaler, setUpscaler] = useState<string | null>(null);
  if (!options) return null;
  const upscalers = upscalersOf(options);

  function send(event: FormEvent) {
    event.preventDefault();
    onLeave();
    derive({ kind: "upscale", scale, upscaler: upscaler ?? undefined });
  }

  return (
    <form onSubmit={send} aria-label={t("Upscale")} className="space-y-2 rounded-xl bg-muted p-3">
      <div className="flex items-center gap-2">
        <label htmlFor={`${id}-scale`} className="w-20 text-sm">
          {t("Scale")}
        </label>
        <select
          id={`${id}-scale`}
          className={SELECT}
          value={scale}
          onChange={({ target }) => setScale(Number(target.value))}
        >
          {scalesFor(picture.output, options).map((each) => {
            const { width, height } = scaled(picture.output, each);
            return (
              <option key={each} value={each}>
                {each}× ({sizeWords(width, height)})
              </option>
            );
          })}
        </select>
      </div>
      {upscalers.length > 1 && (
        <div className="flex items-center gap-2">
          <label htmlFor={`${id}-upscaler`} className="w-20 text-sm">
            {t("Upscaler")}
          </label>
          <select
            id={`${id}-upscaler`}
            className={SELECT}
            value={upscaler ?? ""}
            onChange={({ target }) => setUpscaler(target.value || null)}
          >
            <option value="">{t("Default")}</option>
            {upscalers.map((name) => (
              <option key={name} value={name}>
                {capitalized(name)}
              </option>
            ))}
          </select>
        </div>
      )}
      <Button type="submit" size="sm" className="pointer-coarse:h-11 w-full">
        {t("Upscale")}
      </Button>
    </form>
  );
}

/** True if there is another way than the usual one. */
export function hasChoice(picture: Picture, options: Options): boolean {
  return upscalersOf(options).length > 1 || scalesFor(picture.output, options).length > 1;
}

/** The upscaler between two passes works on latents, and a picture has none. */
function upscalersOf({ image_to_image }: Options): string[] {
  return image_to_image.upscalers.filter((name) => name !== "latent");
}

/** The scales that the server accepts for a picture of this size. */
function scalesFor(size: Size, options: Options): number[] {
  const { max_scale } = options.image_to_image;
  return SCALES.filter((scale) => scale <= max_scale && hiresProblem(scaled(size, scale), options) === null);
}
