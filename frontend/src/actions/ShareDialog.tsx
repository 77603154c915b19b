"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ExternalLinkIcon, Share2Icon } from "lucide-react";
import { EXAMPLES_KEY, useExamples } from "@/api/catalog";
import { answer, api } from "@/api/client";
import { useMe } from "@/api/session";
import type { Share } from "@/api/types";
import { CopyLine } from "@/components/CopyLine";
import { Switch } from "@/components/form/Switch";
import { Button, buttonLook } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { promptOf } from "@/domain/job";
import type { Picture } from "@/domain/picture";
import { GallerySwitch } from "@/gallery/GallerySwitch";
import { t } from "@/i18n/t";
import { errorText } from "@/lib/words/error-text";

interface ShareDialogProps {
  picture: Picture;
  onClose: () => void;
}

/** The public page of a picture: made by a button, taken back by another one. */
export default function ShareDialog({ picture, onClose }: ShareDialogProps) {
  const path = { params: { path: { image_id: picture.output.id } } };
  const key = ["share", picture.output.id];
  const queries = useQueryClient();
  const shared = useQuery({ queryKey: key, queryFn: () => answer(api.GET("/api/images/{image_id}/share", path)) });
  const { mutate: share, isPending: isSharing } = useMutation({
    mutationFn: () => answer(api.PUT("/api/images/{image_id}/share", path)),
    onSuccess: (made) => queries.setQueryData(key, made),
  });
  const { mutate: revoke, isPending: isRevoking } = useMutation({
    mutationFn: () => answer(api.DELETE("/api/images/{image_id}/share", path)),
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
  });
  const url = shared.data?.url ?? null;
  return (
    <Dialog open onOpenChange={(isOpen) => isOpen || onClose()}>
      <DialogPanel
        title={t("Share this picture")}
        description={t("Anyone with the link sees the picture and its prompt. Nothing else of you.")}
      >
        {shared.error && (
          <p role="alert" className="pb-4 text-destructive text-sm">
            {errorText(shared.error)}
          </p>
        )}
        {shared.data && url === null && (
          <Button aria-disabled={isSharing} onClick={() => isSharing || share()}>
            <Share2Icon aria-hidden />
            {t("Create link")}
          </Button>
        )}
        {url !== null && (
          <div className="space-y-4">
            <CopyLine name="Link" label={t("Copy link")} text={url} />
            <div className="flex flex-wrap gap-2">
              {"share" in navigator && (
                <Button
                  onClick={() => {
                    navigator.share({ url, title: promptOf(picture.job) }).catch(() => {}); // closed without a choice
                  }}
                >
                  <Share2Icon aria-hidden />
                  {t("Send")}
                </Button>
              )}
              <a href={url} target="_blank" rel="noreferrer" className={buttonLook({ variant: "secondary" })}>
                <ExternalLinkIcon aria-hidden />
                {t("Open")}
              </a>
              <Button
                variant="ghost"
                className="text-destructive"
                aria-disabled={isRevoking}
                onClick={() => isRevoking || revoke()}
              >
                {t("Stop sharing")}
              </Button>
            </div>
            <GallerySwitch imageId={picture.output.id} shared={shared.data as Share} queryKey={key} />
            <ExampleSwitch imageId={picture.output.id} url={url} />
          </div>
        )}
      </DialogPanel>
    </Dialog>
  );
}

/** For operators: shows the picture to everybody who opens the create page. */
function ExampleSwitch({ imageId, url }: { imageId: string; url: string }) {
  const isOperator = useMe().data?.scopes.includes("operator") ?? false;
  const queries = useQueryClient();
  const examples = useExamples().data ?? [];
  const isOn = examples.some((example) => example.url.startsWith(`${url}/`));
  const { mutate } = useMutation({
    mutationFn: (isExample: boolean) => {
      const path = { params: { path: { image_id: imageId } } };
      return answer(
        isExample
          ? api.PUT("/api/images/{image_id}/example", path)
          : api.DELETE("/api/images/{image_id}/example", path),
      );
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: EXAMPLES_KEY }),
  });
  if (!isOperator) return null;
  return <Switch label={t("Use as an example on the create page")} isOn={isOn} onChange={(next) => mutate(next)} />;
}
