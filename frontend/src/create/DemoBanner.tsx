"use client";
import { SproutIcon } from "lucide-react";
import { useOptions } from "@/api/catalog";
import { Button } from "@/components/ui/button";
import { Popover, PopoverPanel, PopoverTrigger } from "@/components/ui/popover";

/** Says that what is being tried is a tiny model, and which words it knows. */
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
      <Popover>
        <PopoverTrigger asChild>
          <Button variant="ghost" size="sm" className="h-6 px-2 text-xs underline underline-offset-2">
            Its words
          </Button>
        </PopoverTrigger>
        <PopoverPanel aria-label="Words that the demo model knows" className="w-80">
          <p className="px-1 pb-2 font-medium text-sm">Words that the demo model knows</p>
          <p className="px-1 text-muted-foreground text-sm leading-relaxed">{words.join(", ")}</p>
        </PopoverPanel>
      </Popover>
    </aside>
  );
}
