"use client";
import { SproutIcon } from "lucide-react";
import { useOptions } from "@/api/catalog";
import { PopoverTrigger } from "@/components/PopoverTrigger";

/** Notice that the server runs the small demo model, with the words that the model knows. */
export function DemoBanner() {
  const options = useOptions().data;
  if (!options?.is_demo) return null;
  const words = options.known_words ?? [];
  return (
    <aside
      aria-label="Demo model"
      className="flex flex-wrap items-center gap-x-1.5 border-t pt-4 text-muted-foreground text-xs"
    >
      <SproutIcon aria-hidden className="size-3.5 shrink-0" />
      <span>Demo model: small pictures, {words.length} words. Add an SDXL checkpoint for real ones.</span>
      <PopoverTrigger
        label="See the words"
        panelLabel="Words that the demo model knows"
        className="rounded-full px-2 py-0.5 font-medium text-foreground underline underline-offset-2 hover:bg-muted"
        face="See the words"
      >
        <p className="px-1 pb-2 font-medium text-sm">Words that the demo model knows</p>
        <p className="px-1 text-muted-foreground text-sm leading-relaxed">{words.join(", ")}</p>
      </PopoverTrigger>
    </aside>
  );
}
