"use client";
import type { LoraOption, Options } from "@/api/types";
import { useForm } from "@/create/form";
import { t } from "@/i18n/t";
import { lazyPart } from "@/lib/lazy";
import { numChanged } from "@/settings/settings";
import { DrawerButton } from "./DrawerButton";

const [SettingsSheet, loadSheet] = lazyPart(() => import("./panels/SettingsSheet"), {
  onMissing: ({ onClose }) => onClose(),
});

/** All settings behind one button, for windows too narrow for the chips. */
export function SettingsButton({ options, loras }: { options: Options; loras: readonly LoraOption[] }) {
  const changed = numChanged(useForm().request);
  return (
    <DrawerButton label={t("Settings")} changed={changed} onNear={loadSheet} className="pointer-coarse:h-11">
      {(drawer) => <SettingsSheet options={options} loras={loras} {...drawer} />}
    </DrawerButton>
  );
}
