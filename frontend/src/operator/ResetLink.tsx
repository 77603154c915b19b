"use client";
import { useMutation } from "@tanstack/react-query";
import type { RefObject } from "react";
import { answer, api } from "@/api/client";
import type { OperatorUser } from "@/api/types";
import { CopyLine } from "@/components/CopyLine";
import { Button } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { t } from "@/i18n/t";

interface ResetLinkProps {
  user: OperatorUser;
  trigger: RefObject<HTMLButtonElement | null>;
  onClose: () => void;
}

/** Makes a link that sets a new password; it is shown once. */
export default function ResetLink({ user, trigger, onClose }: ResetLinkProps) {
  const { mutate, data, isPending } = useMutation({
    mutationFn: () =>
      answer(api.POST("/api/operator/users/{user_id}/reset-link", { params: { path: { user_id: user.id } } })),
  });
  return (
    <Dialog open onOpenChange={(isOpen) => isOpen || onClose()}>
      <DialogPanel
        title={t("Reset link for {email}", { email: user.email })}
        description={t("It sets a new password once, within 24 hours. We send no mail: hand it over yourself.")}
        returnFocus={trigger}
      >
        {data ? (
          <CopyLine name="Reset link" label={t("Copy reset link")} text={data.url} />
        ) : (
          <Button aria-disabled={isPending} onClick={() => isPending || mutate()}>
            {t("Create link")}
          </Button>
        )}
      </DialogPanel>
    </Dialog>
  );
}
