"use client";
import { SlidersHorizontalIcon } from "lucide-react";
import { useRef, useState } from "react";
import type { LoraOption, Options } from "@/api/types";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";
import { lazyPart } from "@/lib/lazy";
import { numChanged } from "@/settings/settings";

const [SettingsSheet, loadSheet] = lazyPart(() => import("./panels/SettingsSheet"), {
  onMissing: ({ onClose }) => onClose(),
});

interface SettingsButtonProps {
  options: Options;
  loras: readonly LoraOption[];
}

/** All settings behind one button, for windows too narrow for the chips. */
export function SettingsButton({ options, loras }: SettingsButtonProps) {
  const changed = numChanged(useForm().request);
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        ref={trigger}
        variant="outline"
        className="pointer-coarse:h-11 px-3 font-normal"
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onPointerEnter={loadSheet}
        onFocus={loadSheet}
        onClick={() => setIsOpen(true)}
      >
        <SlidersHorizontalIcon aria-hidden className="text-muted-foreground" />
        Settings
        {changed > 0 && (
          <span className="rounded-full bg-accent px-1.5 text-accent-foreground text-xs tabular-nums">
            {changed}
            <span className="sr-only"> changed</span>
          </span>
        )}
      </Button>
      {isOpen && <SettingsSheet options={options} loras={loras} trigger={trigger} onClose={() => setIsOpen(false)} />}
    </>
  );
}
