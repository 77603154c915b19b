"use client";
import { useMutation } from "@tanstack/react-query";
import type { RefObject } from "react";
import { answer, api } from "@/api/client";
import type { OperatorUser } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { Button } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";

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
        title={`Reset link for ${user.email}`}
        description="It sets a new password once, within 24 hours. We send no mail: hand it over yourself."
        returnFocus={trigger}
      >
        {data ? (
          <div className="flex items-center gap-2 rounded-xl border bg-card py-1.5 pr-1.5 pl-4">
            <output aria-label="Reset link" className="min-w-0 flex-1 break-all text-sm">
              {data.url}
            </output>
            <CopyButton label="Copy reset link" text={data.url} />
          </div>
        ) : (
          <Button aria-disabled={isPending} onClick={() => isPending || mutate()}>
            Create link
          </Button>
        )}
      </DialogPanel>
    </Dialog>
  );
}
