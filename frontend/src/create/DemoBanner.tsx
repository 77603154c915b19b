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
      className="mx-auto flex w-fit max-w-full items-center gap-x-1.5 rounded-full bg-accent py-1 pr-1.5 pl-3.5 text-accent-foreground text-xs"
    >
      <SproutIcon aria-hidden className="size-3.5 shrink-0" />
      <span>
        This is the demo model: small pictures, {words.length} words.
        <span className="hidden md:inline"> An SDXL checkpoint takes its place by one setting.</span>
      </span>
      <PopoverTrigger
        label="Its words"
        panelLabel="Words that the demo model knows"
        className="rounded-full px-2 py-0.5 font-medium underline underline-offset-2 hover:bg-background/50"
        face="Its words"
      >
        <p className="px-1 pb-2 font-medium text-sm">Words that the demo model knows</p>
        <p className="px-1 text-muted-foreground text-sm leading-relaxed">{words.join(", ")}</p>
      </PopoverTrigger>
    </aside>
  );
}
