"use client";
import { ImageDownIcon, ImagePlayIcon, type LucideIcon } from "lucide-react";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { tName } from "@/i18n/t";
import { cn } from "@/lib/cn";

interface DropZoneProps {
  /** A picture was pasted, or dropped on the half that reads its settings. */
  onRead: (file: File) => void;
  /** A picture was dropped on the half that starts from it. */
  onStart: (file: File) => void;
  children: ReactNode;
}

type Half = "read" | "start";

const HALVES: readonly { half: Half; icon: LucideIcon; words: string }[] = [
  { half: "read", icon: ImageDownIcon, words: "Read its settings" },
  { half: "start", icon: ImagePlayIcon, words: "Use as start" },
];

/** Accepts a picture dropped anywhere on the page: one half of the window reads its settings, the other starts from it. A
 * pasted picture is read. */
export function DropZone({ onRead, onStart, children }: DropZoneProps) {
  const [over, setOver] = useState<Half | null>(null);
  const depth = useRef(0); // enter and leave fire for every element passed on the way

  function onEnter(event: DragEvent) {
    if (!carriesFiles(event)) return;
    depth.current += 1;
    setOver(halfAt(event));
  }

  function onOver(event: DragEvent) {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    setOver(halfAt(event));
  }

  function onLeave(event: DragEvent) {
    if (!carriesFiles(event)) return;
    depth.current = Math.max(0, depth.current - 1);
    if (depth.current === 0) setOver(null);
  }

  function onDrop(event: DragEvent) {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth.current = 0;
    setOver(null);
    const file = event.dataTransfer.files[0];
    if (file) (halfAt(event) === "start" ? onStart : onRead)(file);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has equals for the keyboard, the buttons below the form
    <div
      onDragEnter={onEnter}
      onDragLeave={onLeave}
      onDragOver={onOver}
      onDrop={onDrop}
      onPaste={(event) => {
        const file = event.clipboardData.files[0];
        const hasText = event.clipboardData.types.includes("text/plain"); // as word processors copy: it shall be pasted
        if (file && !hasText) onRead(file);
      }}
      className="min-h-dvh"
    >
      {children}
      <div
        aria-hidden
        className={cn(
          "pointer-events-none fixed inset-3 z-[950] flex flex-col gap-3 transition-opacity sm:flex-row",
          over ? "opacity-100" : "opacity-0",
        )}
      >
        {HALVES.map(({ half, icon: Icon, words }) => (
          <div
            key={half}
            className={cn(
              "flex flex-1 flex-col items-center justify-center gap-3 rounded-3xl border-2 border-dashed",
              half === over ? "border-primary bg-accent" : "border-border bg-background/90",
            )}
          >
            <Icon className="size-8 text-primary" />
            <p className="font-medium">{tName(words)}</p>
          </div>
        ))}
      </div>
    </div>
  );
}

/** The halves are side by side, in a narrow window one above the other. */
function halfAt({ clientX, clientY }: DragEvent): Half {
  const isNarrow = window.innerWidth < 640;
  const share = isNarrow ? clientY / window.innerHeight : clientX / window.innerWidth;
  return share < 0.5 ? "read" : "start";
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer.types.includes("Files");
}
