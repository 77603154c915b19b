"use client";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { PopoverTrigger } from "@/components/PopoverTrigger";

interface ChipProps {
  /** Name of the setting, `Shape` for example. */
  name: string;
  /** The value chosen now. */
  value: string;
  icon: LucideIcon;
  children: ReactNode;
  /** Called when the pointer or the focus reaches the button: the code of the choices can be fetched. */
  onNear?: () => void;
  isWide?: boolean;
}

/** A button that shows the value of a setting and opens its choices. */
export function Chip({ name, value, icon: Icon, children, onNear, isWide }: ChipProps) {
  return (
    <PopoverTrigger
      label={`${name}: ${value}`}
      panelLabel={name}
      onNear={onNear}
      isWide={isWide}
      className="flex h-9 max-w-56 shrink-0 items-center gap-2 rounded-full border border-border bg-card px-3 text-sm transition-colors hover:bg-muted aria-expanded:bg-muted"
      face={
        <>
          <Icon aria-hidden className="size-4 shrink-0 text-muted-foreground" />
          <span className="truncate">{value}</span>
        </>
      }
    >
      {children}
    </PopoverTrigger>
  );
}
