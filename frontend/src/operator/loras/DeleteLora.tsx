"use client";
import { type RefObject, useState } from "react";
import { answer, api } from "@/api/client";
import type { LoraOption } from "@/api/types";
import { notify } from "@/components/notify";
import { Button } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { wordsOf } from "@/lib/error-text";
import { afterwards } from "./versions";

interface DeleteLoraProps {
  lora: LoraOption;
  all: readonly LoraOption[];
  opener: RefObject<HTMLElement | null>;
  onChange: () => void;
  onClose: () => void;
}

export function DeleteLora({ lora, all, opener, onChange, onClose }: DeleteLoraProps) {
  const [isAsked, setIsAsked] = useState(false);
  const next = afterwards(lora, all);

  async function remove() {
    setIsAsked(true);
    try {
      await answer(api.DELETE("/api/loras/{name}", { params: { path: { name: lora.label } } }));
      notify("success", `${lora.label} is deleted.`);
      onClose();
      onChange();
    } catch (error) {
      setIsAsked(false);
      notify("error", wordsOf(error));
    }
  }

  return (
    <Dialog open onOpenChange={(open) => open || onClose()}>
      <DialogPanel
        title={`Delete ${lora.label}?`}
        description="Its file leaves the server's folder. Jobs that were accepted with it are still made."
        opener={opener}
      >
        {next && <p className="pb-4 text-sm">{next}</p>}
        <div className="flex justify-end gap-2 pt-2">
          <Button variant="ghost" onClick={onClose}>
            Keep it
          </Button>
          <Button variant="destructive" aria-disabled={isAsked} onClick={() => isAsked || void remove()}>
            Delete
          </Button>
        </div>
      </DialogPanel>
    </Dialog>
  );
}
