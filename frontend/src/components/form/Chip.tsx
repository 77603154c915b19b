"use client";
import type { ReactNode } from "react";
import { PopoverTrigger } from "@/components/PopoverTrigger";
import { cn } from "@/lib/cn";

interface ChipProps {
  /** Name of the setting, `Shape` for example. */
  name: string;
  /** The value chosen now. */
  value: string;
  children: ReactNode;
  /** Called when the pointer or the focus reaches the button: the code of the choices can be fetched. */
  onNear?: () => void;
  isWide?: boolean;
  /** False: the value is the default, and the chip is quiet; undefined: neither. */
  isSet?: boolean;
}

const LOOKS = {
  plain: "border-border bg-card hover:bg-muted aria-expanded:bg-muted",
  quiet: "border-transparent hover:bg-muted aria-expanded:bg-muted",
  set: "border-transparent bg-accent text-accent-foreground hover:bg-muted aria-expanded:bg-muted",
};

/** A button that shows a setting with its value and opens its choices. */
export function Chip({ name, value, children, onNear, isWide, isSet }: ChipProps) {
  const look = isSet === undefined ? LOOKS.plain : isSet ? LOOKS.set : LOOKS.quiet;
  return (
    <PopoverTrigger
      label={`${name}: ${value}`}
      panelLabel={name}
      onNear={onNear}
      isWide={isWide}
      className={cn(
        "flex h-9 max-w-64 shrink-0 items-center gap-1.5 rounded-full border px-3 text-sm transition-colors",
        look,
      )}
      face={
        <>
          <span className={cn("shrink-0", !isSet && "text-muted-foreground")}>{name}: </span>
          <span className="truncate font-medium">{value}</span>
        </>
      }
    >
      {children}
    </PopoverTrigger>
  );
}
