"use client";
import type { RefObject } from "react";
import type { LoraOption, Options } from "@/api/types";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { t } from "@/i18n/t";
import { AdvancedFields } from "./panels/AdvancedFields";

interface AdvancedDrawerProps {
  options: Options;
  loras: readonly LoraOption[];
  /** False where seeds are chosen elsewhere. */
  hasSeed: boolean;
  /** Receives the focus after closing. */
  trigger: RefObject<HTMLElement | null>;
  onClose: () => void;
}

/** The open drawer of the less common settings. */
export default function AdvancedDrawer({ options, loras, hasSeed, trigger, onClose }: AdvancedDrawerProps) {
  return (
    <Dialog open onOpenChange={(open) => open || onClose()}>
      <DialogPanel
        place="side"
        title={t("Advanced")}
        description={t("Unchanged settings use the defaults.")}
        returnFocus={trigger}
      >
        <AdvancedFields options={options} loras={loras} hasSeed={hasSeed} />
      </DialogPanel>
    </Dialog>
  );
}
