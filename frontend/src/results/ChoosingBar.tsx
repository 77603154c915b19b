"use client";
import { useEffect } from "react";
import { Button } from "@/components/ui/button";
import type { Picture } from "./picture";
import { useViewing } from "./viewing";

/** Shown while one picture waits for a second one to be compared with. */
export function ChoosingBar({ first }: { first: Picture }) {
  const close = useViewing((viewing) => viewing.close);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) close();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [close]);
  return (
    <div className="pointer-events-none fixed inset-x-0 bottom-6 z-[800] flex justify-center px-4">
      <div
        role="status"
        className="fade-in-0 whitespace-nowrap slide-in-from-bottom-4 pointer-events-auto flex animate-in items-center gap-3 rounded-full border bg-popover py-1.5 pr-1.5 pl-2 text-popover-foreground text-sm shadow-black/15 shadow-xl"
      >
        <img src={first.output.thumbnail_url} alt="" className="size-9 rounded-full object-cover" />
        <span>Choose a second picture</span>
        <Button variant="secondary" size="sm" onClick={close}>
          Stop
        </Button>
      </div>
    </div>
  );
}
