/** Puts a picture into the form as the one to start from. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLoras, useOptions } from "@/api/catalog";
import { type Picture, startFields, startSettings } from "@/domain/picture";
import { t } from "@/i18n/t";
import { uploadAsset } from "@/jobs/assets";
import { noteStart } from "@/jobs/pictures";
import { notify } from "@/lib/notify";
import { useFormActions } from "./form";

export function useStart() {
  const form = useFormActions();
  const queries = useQueryClient();
  const options = useOptions().data;
  const loras = useLoras().data;

  function started() {
    notify("success", t("New pictures start from this one."));
    window.scrollTo({ top: 0, behavior: "smooth" });
  }

  /** A picture of a file; a refusal is a notice. */
  const upload = useMutation({
    mutationFn: (file: File) => uploadAsset(file, options?.image_to_image.max_asset_bytes),
    onSuccess(asset) {
      noteStart(queries, asset);
      form.set(startFields(asset.asset_id, options));
      started();
    },
  });

  return {
    /** An empty form takes the picture's own settings too. */
    startFrom(picture: Picture) {
      if (form.current().prompt.trim() === "") form.replace(startSettings(picture, options, loras));
      else form.set(startFields(picture.output.id, options));
      started();
    },
    upload: upload.mutate,
    isUploading: upload.isPending,
  };
}
