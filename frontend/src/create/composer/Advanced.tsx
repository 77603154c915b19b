"use client";
import type { LoraOption, Options } from "@/api/types";
import { useForm } from "@/create/form";
import { t } from "@/i18n/t";
import { lazyPart } from "@/lib/lazy";
import { numChanged } from "@/settings/settings";
import { DrawerButton } from "./DrawerButton";

const [AdvancedDrawer, loadDrawer] = lazyPart(() => import("./AdvancedDrawer"), {
  onMissing: ({ onClose }) => onClose(),
});

interface AdvancedProps {
  options: Options;
  loras?: readonly LoraOption[];
  hasSeed?: boolean;
}

export function Advanced({ options, loras = [], hasSeed = true }: AdvancedProps) {
  return (
    <DrawerButton label={t("Advanced")} changed={numChanged(useForm().request, true)} onNear={loadDrawer}>
      {(drawer) => <AdvancedDrawer options={options} loras={loras} hasSeed={hasSeed} {...drawer} />}
    </DrawerButton>
  );
}
