"use client";
import { LoaderCircleIcon } from "lucide-react";
import { type FormEvent, useId, useRef, useState } from "react";
import { useOptions } from "@/api/catalog";
import { FormErrorNote } from "@/components/form/FormErrorNote";
import { NumberField } from "@/components/form/NumberField";
import { Button } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { formErrorOf } from "@/domain/form-error";
import { type Picture, pictureName, settingsOf } from "@/domain/picture";
import { t } from "@/i18n/t";
import { useDerive } from "@/jobs/from-image";
import { capitalized } from "@/lib/words/names";
import { sizeWords } from "@/lib/words/quantities";
import { SIDES } from "@/settings/from-image";
import { fittedToModel } from "@/settings/shapes";
import { extended, extensionProblem, MAX_SIDE_PX, PRESETS, pictureWithin, presetOf, STEP_PX } from "./extension";

interface ExtendDialogProps {
  picture: Picture;
  onClose: () => void;
  /** The server has accepted the job. */
  onMade: () => void;
}

/** Makes a picture larger at its sides. */
export default function ExtendDialog({ picture, onClose, onMade }: ExtendDialogProps) {
  const { output } = picture;
  const options = useOptions().data;
  const base = options ? fittedToModel(output, options) : output; // what an upscaled picture shrinks to
  const [extension, setExtension] = useState(() => presetOf("All sides", base));
  const own = picture.output.final_prompt || picture.job.metadata?.final_prompt || settingsOf(picture, options).prompt;
  const [prompt, setPrompt] = useState(own);
  const { mutate, isPending, error } = useDerive(onMade, true);
  const id = useId();
  const opener = useRef(document.querySelector<HTMLElement>(`[data-picture="${output.id}"]`));
  const problem = options ? extensionProblem(base, extension, options) : null;
  const { width, height } = extended(base, extension);

  function send(event?: FormEvent) {
    event?.preventDefault();
    if (!options || problem || isPending) return;
    const changed = prompt.trim() === own ? {} : { prompt };
    const { num_images } = options.defaults;
    mutate({ picture, change: { kind: "extend", extension, num_images, ...changed }, options });
  }

  return (
    <Dialog open onOpenChange={(isOpen) => isOpen || onClose()}>
      <DialogPanel
        title={t("Extend")}
        description={t("Adds to the sides of the picture. The middle stays as it is.")}
        returnFocus={opener}
        className="max-h-[94dvh]"
      >
        <form onSubmit={send} aria-label={t("Extend")} className="space-y-4">
          <Preview picture={picture} style={pictureWithin(base, extension)} width={width} height={height} />
          <fieldset className="flex items-center gap-2">
            <legend className="sr-only">{t("Add 25 %")}</legend>
            <span aria-hidden className="text-sm">
              {t("Add 25 %")}
            </span>
            {PRESETS.map((preset) => (
              <Button
                key={preset}
                variant="secondary"
                size="sm"
                className="pointer-coarse:h-11 flex-1 px-1"
                onClick={() => setExtension(presetOf(preset, base))}
              >
                {t(preset)}
              </Button>
            ))}
          </fieldset>
          <div className="grid grid-cols-[auto_auto] justify-between gap-y-2">
            {SIDES.map((side) => (
              <NumberField
                key={side}
                label={capitalized(side)}
                value={extension[side]}
                min={0}
                max={options?.image_to_image.max_extend ?? MAX_SIDE_PX}
                step={STEP_PX}
                onChange={(px) => setExtension({ ...extension, [side]: px })}
              />
            ))}
          </div>
          <p
            aria-live="polite"
            className={problem ? "text-destructive text-xs" : "text-muted-foreground text-xs tabular-nums"}
          >
            {problem ??
              t("{before} becomes {after} pixels.", {
                before: sizeWords(output.width, output.height),
                after: sizeWords(width, height),
              })}
          </p>
          <div className="space-y-1.5">
            <label htmlFor={id} className="block font-medium text-sm">
              {t("Prompt")}
            </label>
            <textarea
              id={id}
              rows={2}
              maxLength={options?.bounds.max_prompt_characters}
              value={prompt}
              onChange={({ target }) => setPrompt(target.value)}
              className="w-full resize-y rounded-xl border border-input bg-card px-3 py-2 text-base sm:text-sm"
            />
          </div>
          {error && <FormErrorNote error={formErrorOf(error)} onRetry={send} />}
          <Button type="submit" size="lg" className="w-full" aria-disabled={isPending || problem !== null}>
            {isPending && <LoaderCircleIcon aria-hidden className="animate-spin" />}
            {t("Extend")}
          </Button>
        </form>
      </DialogPanel>
    </Dialog>
  );
}

interface PreviewProps {
  picture: Picture;
  /** Where the picture lies. */
  style: ReturnType<typeof pictureWithin>;
  width: number;
  height: number;
}

/** The picture in its new frame. */
function Preview({ picture, style, width, height }: PreviewProps) {
  return (
    <div className="grid h-44 place-items-center [container-type:size] sm:h-56">
      <div
        data-extension
        className="relative rounded-lg border-2 border-primary border-dashed bg-[repeating-linear-gradient(45deg,var(--muted)_0_6px,transparent_6px_12px)]"
        style={{ aspectRatio: `${width} / ${height}`, width: `min(100cqw, ${(100 * width) / height}cqh)` }}
      >
        <img src={picture.output.thumbnail_url} alt={pictureName(picture)} className="absolute" style={style} />
      </div>
    </div>
  );
}
