"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import type { Share } from "@/api/types";
import { Switch } from "@/components/form/Switch";
import { t } from "@/i18n/t";

interface GallerySwitchProps {
  imageId: string;
  shared: Share;
  /** The key of `shared` in the cache. */
  queryKey: readonly unknown[];
}

const NOTES = {
  offered: "The operator decides whether it is shown.",
  accepted: "It is in the gallery.",
} as const;

/** Offers a shared picture to the public gallery and takes it back; absent where there is none. */
export function GallerySwitch({ imageId, shared, queryKey }: GallerySwitchProps) {
  const queries = useQueryClient();
  const { mutate, isPending } = useMutation({
    async mutationFn(isOffered: boolean): Promise<Share> {
      const path = { params: { path: { image_id: imageId } } };
      if (isOffered) return answer(api.PUT("/api/images/{image_id}/gallery", path));
      await answer(api.DELETE("/api/images/{image_id}/gallery", path));
      return { ...shared, gallery: null };
    },
    onSuccess: (changed) => queries.setQueryData(queryKey, changed),
  });
  const { gallery } = shared;
  if (gallery === undefined) return null;
  if (gallery === "removed") {
    return (
      <p className="text-muted-foreground text-sm">{t("The operator has taken this picture out of the gallery.")}</p>
    );
  }
  return (
    <div className="space-y-1">
      <Switch
        label={t("Offer to the public gallery")}
        isOn={gallery !== null}
        onChange={(next) => isPending || mutate(next)}
      />
      {gallery && <p className="text-muted-foreground text-xs">{t(NOTES[gallery])}</p>}
    </div>
  );
}
