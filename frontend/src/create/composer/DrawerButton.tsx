"use client";
import { SlidersHorizontalIcon } from "lucide-react";
import { type ReactNode, type RefObject, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";
import { cn } from "@/lib/cn";

export interface DrawerProps {
  trigger: RefObject<HTMLButtonElement | null>;
  onClose: () => void;
}

interface DrawerButtonProps {
  label: string;
  /** How many of the drawer's settings are changed. */
  changed: number;
  /** Fetches the drawer's code: the pointer or the focus reaches the button. */
  onNear: () => void;
  className?: string;
  children: (drawer: DrawerProps) => ReactNode;
}

/** Opens a drawer of settings and shows how many of them are changed. */
export function DrawerButton({ label, changed, onNear, className, children }: DrawerButtonProps) {
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        ref={trigger}
        variant="outline"
        className={cn("px-3 font-normal", className)}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onPointerEnter={onNear}
        onFocus={onNear}
        onClick={() => setIsOpen(true)}
      >
        <SlidersHorizontalIcon aria-hidden className="text-muted-foreground" />
        {label}
        {changed > 0 && (
          <span className="rounded-full bg-accent px-1.5 text-accent-foreground text-xs tabular-nums">
            {changed}
            <span className="sr-only"> {t("changed")}</span>
          </span>
        )}
      </Button>
      {isOpen && children({ trigger, onClose: () => setIsOpen(false) })}
    </>
  );
}
