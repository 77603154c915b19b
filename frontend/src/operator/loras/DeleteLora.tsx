"use client";
import { useMutation } from "@tanstack/react-query";
import type { RefObject } from "react";
import { answer, api } from "@/api/client";
import type { LoraOption } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { t } from "@/i18n/t";
import { notify } from "@/lib/notify";
import { afterwards } from "./versions";

interface DeleteLoraProps {
  lora: LoraOption;
  all: readonly LoraOption[];
  trigger: RefObject<HTMLElement | null>;
  onChange: () => void;
  onClose: () => void;
}

export function DeleteLora({ lora, all, trigger, onChange, onClose }: DeleteLoraProps) {
  const next = afterwards(lora, all);
  const { mutate, isPending } = useMutation({
    mutationFn: () => answer(api.DELETE("/api/loras/{name}", { params: { path: { name: lora.label } } })),
    onSuccess() {
      notify("success", t("{name} is deleted.", { name: lora.label }));
      onClose();
      onChange();
    },
  });

  return (
    <Dialog open onOpenChange={(open) => open || onClose()}>
      <DialogPanel
        title={t("Delete {name}?", { name: lora.label })}
        description={t("The file is deleted from the server. Jobs already queued will finish.")}
        returnFocus={trigger}
      >
        {next && <p className="pb-4 text-sm">{next}</p>}
        <div className="flex justify-end gap-2 pt-2">
          <Button variant="ghost" onClick={onClose}>
            {t("Keep it")}
          </Button>
          <Button variant="destructive" aria-disabled={isPending} onClick={() => isPending || mutate()}>
            {t("Delete")}
          </Button>
        </div>
      </DialogPanel>
    </Dialog>
  );
}
