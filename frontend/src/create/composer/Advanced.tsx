"use client";
import { SlidersHorizontalIcon } from "lucide-react";
import { useRef, useState } from "react";
import type { GenerateRequest, Options } from "@/api/types";
import { lazyPart } from "@/components/lazy";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";

const [AdvancedDrawer, loadDrawer] = lazyPart(() => import("./AdvancedDrawer"), {
  onMissing: ({ onClose }) => onClose(),
});

/** How many of the drawer's settings differ from the server's defaults. */
export function numAdvanced({ steps, guidance_scale, sampler, seed, format }: GenerateRequest): number {
  return [steps, guidance_scale, sampler, seed, format].filter((value) => value != null).length;
}

/** Opens the drawer, whose code is fetched when the button is first neared. */
export function Advanced({ options }: { options: Options }) {
  const changed = numAdvanced(useForm().request);
  const opener = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        ref={opener}
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
      {isOpen && <AdvancedDrawer options={options} opener={opener} onClose={() => setIsOpen(false)} />}
    </>
  );
}
