"use client";
import { ImageOffIcon, XIcon } from "lucide-react";
import { useId } from "react";
import { NumberField } from "@/components/form/NumberField";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";
import { t } from "@/i18n/t";
import { useStartImage } from "@/jobs/pictures";
import { extensionWords } from "@/settings/from-image";

/** The picture that new ones start from, and how far they may leave it. */
export default function StartChip({ defaultStrength }: { defaultStrength: number }) {
  const { request, set } = useForm();
  const { init, mask, extend } = request;
  const image = useStartImage(init);
  const id = useId();
  if (!init) return null;
  const notes = [
    mask && t("Only the painted part changes."),
    extend && t("Extended: {sides}.", { sides: extensionWords(extend) }),
  ];
  return (
    <section aria-labelledby={id} className="mx-3 mb-1 flex max-w-md items-center gap-3 rounded-2xl bg-accent p-2">
      {image ? (
        <img src={image.src} alt="" className="size-16 shrink-0 rounded-xl bg-muted object-cover" />
      ) : (
        <span className="grid size-16 shrink-0 place-items-center rounded-xl bg-muted text-muted-foreground">
          {image === null && <ImageOffIcon aria-hidden className="size-5" />}
        </span>
      )}
      <div className="min-w-0 flex-1 space-y-0.5 text-accent-foreground">
        <div className="flex items-center gap-2">
          <h2 id={id} className="min-w-0 flex-1 truncate font-medium text-sm">
            {t("Start picture")}
          </h2>
          <Button
            variant="ghost"
            size="icon-sm"
            className="pointer-coarse:size-11"
            aria-label={t("Remove the start picture")}
            onClick={() => set({ init: undefined, mask: undefined, extend: undefined })}
          >
            <XIcon aria-hidden />
          </Button>
        </div>
        {image === null ? (
          <p role="status" className="text-destructive text-xs">
            {t("This picture is not there any more. Remove it, or choose another one.")}
          </p>
        ) : (
          <NumberField
            label={t("Strength")}
            value={init.strength ?? defaultStrength}
            min={0.05}
            max={1}
            step={0.01}
            sliderStep={0.05}
            sliderMax={1}
            onChange={(strength) => set({ init: { ...init, strength } })}
          />
        )}
        {notes.filter(Boolean).map((note) => (
          <p key={note} className="text-xs">
            {note}
          </p>
        ))}
      </div>
    </section>
  );
}
