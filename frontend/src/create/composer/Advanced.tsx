"use client";
import type { Options } from "@/api/types";
import { useForm } from "@/create/form";
import { lazyPart } from "@/lib/lazy";
import { numChanged } from "@/settings/settings";
import { DrawerButton } from "./DrawerButton";

const [AdvancedDrawer, loadDrawer] = lazyPart(() => import("./AdvancedDrawer"), {
  onMissing: ({ onClose }) => onClose(),
});

export function Advanced({ options, hasSeed = true }: { options: Options; hasSeed?: boolean }) {
  return (
    <DrawerButton label="Advanced" changed={numChanged(useForm().request, true)} onNear={loadDrawer}>
      {(drawer) => <AdvancedDrawer options={options} hasSeed={hasSeed} {...drawer} />}
    </DrawerButton>
  );
}
