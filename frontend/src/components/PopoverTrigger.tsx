"use client";
import { type ReactNode, useRef, useState } from "react";
import { lazyPart } from "./lazy";

const [PopoverPanel, loadPanel] = lazyPart(() => import("@/components/ui/popover"), {
  onMissing: ({ onClose }) => onClose(),
});

interface OpenerProps {
  /** Accessible name of the button; it contains what the button shows. */
  label: string;
  /** Accessible name of the panel. */
  panelLabel: string;
  className: string;
  /** What the button shows. */
  face: ReactNode;
  /** The button is neared: what the panel holds may be fetched. */
  onNear?: () => void;
  /** What the panel holds, and how it closes where that is not by a click beside it. */
  children: ReactNode | ((close: () => void) => ReactNode);
}

/** A button that opens a panel beside it. */
export function Opener({ label, panelLabel, className, face, children, onNear }: OpenerProps) {
  const opener = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  const near = () => {
    loadPanel();
    onNear?.();
  };
  return (
    <>
      <button
        ref={opener}
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
        <PopoverPanel label={panelLabel} opener={opener} onClose={() => setIsOpen(false)}>
          {typeof children === "function" ? children(() => setIsOpen(false)) : children}
        </PopoverPanel>
      )}
    </>
  );
}
