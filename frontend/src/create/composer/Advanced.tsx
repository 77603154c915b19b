"use client";
import { SlidersHorizontalIcon } from "lucide-react";
import { useRef, useState } from "react";
import type { Options } from "@/api/types";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";
import { lazyPart } from "@/lib/lazy";
import { numChanged } from "@/settings/settings";

const [AdvancedDrawer, loadDrawer] = lazyPart(() => import("./AdvancedDrawer"), {
  onMissing: ({ onClose }) => onClose(),
});

/** Opens the drawer and shows how many of its settings are changed. The drawer's code is fetched when the pointer or the
 * focus first reaches the button. */
export function Advanced({ options, hasSeed = true }: { options: Options; hasSeed?: boolean }) {
  const changed = numChanged(useForm().request, true);
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        ref={trigger}
        variant="outline"
        className="px-3 font-normal"
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onPointerEnter={loadDrawer}
        onFocus={loadDrawer}
        onClick={() => setIsOpen(true)}
      >
        <SlidersHorizontalIcon aria-hidden className="text-muted-foreground" />
        Advanced
        {changed > 0 && (
          <span className="rounded-full bg-accent px-1.5 text-accent-foreground text-xs tabular-nums">
            {changed}
            <span className="sr-only"> changed</span>
          </span>
        )}
      </Button>
      {isOpen && (
        <AdvancedDrawer options={options} hasSeed={hasSeed} trigger={trigger} onClose={() => setIsOpen(false)} />
      )}
    </>
  );
}
