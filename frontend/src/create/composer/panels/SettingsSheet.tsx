"use client";
import type { ReactNode, RefObject } from "react";
import type { LoraOption, Options } from "@/api/types";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { t } from "@/i18n/t";
import { AdvancedFields } from "./AdvancedFields";
import ChipPanel from "./ChipPanel";
import LoraPicker from "./LoraPicker";

interface SettingsSheetProps {
  options: Options;
  loras: readonly LoraOption[];
  /** Receives the focus after closing. */
  trigger: RefObject<HTMLElement | null>;
  onClose: () => void;
}

/** Every setting, one below the other: what the chips hold in a wider window. */
export default function SettingsSheet({ options, loras, trigger, onClose }: SettingsSheetProps) {
  return (
    <Dialog open onOpenChange={(open) => open || onClose()}>
      <DialogPanel
        place="side"
        title={t("Settings")}
        description={t("Unchanged settings use the defaults.")}
        returnFocus={trigger}
      >
        <div className="space-y-6 pt-2">
          <Part title="LoRA">
            <LoraPicker options={options} loras={loras} />
          </Part>
          <Part title={t("Shape")}>
            <ChipPanel of="shape" options={options} />
          </Part>
          <Part title={t("Pictures")}>
            <ChipPanel of="count" options={options} />
          </Part>
          <Part title={t("Quality")}>
            <ChipPanel of="quality" options={options} loras={loras} />
          </Part>
          <Part title={t("Style")}>
            <ChipPanel of="style" options={options} />
          </Part>
          <ChipPanel of="negative" options={options} />
          <Part title={t("Advanced")}>
            <AdvancedFields options={options} loras={loras} />
          </Part>
        </div>
      </DialogPanel>
    </Dialog>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="space-y-2">
      <h3 className="font-medium text-sm">{title}</h3>
      {children}
    </section>
  );
}
