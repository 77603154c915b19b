"use client";
import { useQueryClient } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import type { MarkedPicture } from "@/api/types";
import { ApiForm } from "@/components/form/ApiForm";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { t } from "@/i18n/t";
import { notify } from "@/lib/notify";

export const MARKED = ["operator", "marked"];

const MAX_NOTE = 1000;

export type Verdict = "release" | "delete";

interface DecideProps {
  picture: MarkedPicture;
  verdict: Verdict;
  onClose: () => void;
}

/** Releases or deletes a picture, with a note for the log. */
export function Decide({ picture, verdict, onClose }: DecideProps) {
  const queries = useQueryClient();
  const isRelease = verdict === "release";

  async function send(data: FormData) {
    const call = {
      params: { path: { image_id: picture.id } },
      body: { note: String(data.get("note") ?? "") },
    };
    await answer(
      isRelease
        ? api.POST("/api/operator/moderation/pictures/{image_id}/release", call)
        : api.POST("/api/operator/moderation/pictures/{image_id}/delete", call),
    );
    await queries.invalidateQueries({ queryKey: MARKED });
    notify("success", isRelease ? t("The picture is released.") : t("The picture is deleted."));
    onClose();
  }

  return (
    <Dialog open onOpenChange={(open) => open || onClose()}>
      <DialogPanel
        title={isRelease ? t("Release this picture?") : t("Delete this picture?")}
        description={
          isRelease
            ? t("Its owner sees it without a mark from now on.")
            : t("It is deleted for good; its owner no longer has it.")
        }
      >
        <ApiForm
          label={isRelease ? t("Release") : t("Delete")}
          submit={isRelease ? t("Release") : t("Delete")}
          variant={isRelease ? "default" : "destructive"}
          onSubmit={send}
        >
          {(problemOf) => (
            <Field label={t("Note for the log")} name="note" maxLength={MAX_NOTE} problem={problemOf("note")} />
          )}
        </ApiForm>
      </DialogPanel>
    </Dialog>
  );
}
