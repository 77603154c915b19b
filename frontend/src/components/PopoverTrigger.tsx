"use client";
import { type ReactNode, useRef, useState } from "react";
import { lazyPart } from "@/lib/lazy";

const [PopoverPanel, loadPanel] = lazyPart(() => import("@/components/ui/popover"), {
  onMissing: ({ onClose }) => onClose(),
});

interface PopoverTriggerProps {
  /** Accessible name of the button; it contains what the button shows. */
  label: string;
  /** Accessible name of the panel. */
  panelLabel: string;
  className: string;
  /** What the button shows. */
  face: ReactNode;
  /** Called when the pointer or the focus reaches the button: the code of the content can be fetched. */
  onNear?: () => void;
  isWide?: boolean | undefined;
  /** The content of the panel; a function receives how to close it. */
  children: ReactNode | ((close: () => void) => ReactNode);
}

/** A button that opens a panel next to it. */
export function PopoverTrigger({ label, panelLabel, className, face, children, onNear, isWide }: PopoverTriggerProps) {
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  const near = () => {
    loadPanel();
    onNear?.();
  };
  return (
    <>
      <button
        ref={trigger}
        type="button"
        aria-label={label}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        className={className}
        onPointerEnter={near}
        onFocus={near}
        onClick={() => setIsOpen(!isOpen)}
      >
        {face}
      </button>
      {isOpen && (
        <PopoverPanel label={panelLabel} trigger={trigger} isWide={isWide ?? false} onClose={() => setIsOpen(false)}>
          {typeof children === "function" ? children(() => setIsOpen(false)) : children}
        </PopoverPanel>
      )}
    </>
  );
}
