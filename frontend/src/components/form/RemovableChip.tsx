"use client";
import { XIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";

interface RemovableChipProps {
  /** Of its button. */
  label: string;
  onRemove: () => void;
  children: ReactNode;
}

/** A value that is set, with a button that takes it out. */
export function RemovableChip({ label, onRemove, children }: RemovableChipProps) {
  return (
    <span className="inline-flex h-8 max-w-full items-center gap-1.5 rounded-full bg-accent pr-1 pl-3 text-accent-foreground text-sm">
      {children}
      <Button
        variant="ghost"
        size="icon-sm"
        className="pointer-coarse:size-9 size-7"
        aria-label={label}
        onClick={onRemove}
      >
        <XIcon aria-hidden className="size-3.5" />
      </Button>
    </span>
  );
}
