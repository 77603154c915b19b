"use client";
import { ImageDownIcon } from "lucide-react";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { cn } from "@/lib/cn";

interface DropZoneProps {
  onPicture: (file: File) => void;
  children: ReactNode;
}

/** Accepts a picture dropped anywhere on the page, or pasted, and passes the file to `onPicture`. Nothing is uploaded. */
export function DropZone({ onPicture, children }: DropZoneProps) {
  const [isOver, setIsOver] = useState(false);
  const depth = useRef(0); // enter and leave fire for every element passed on the way

  function onEnter(event: DragEvent) {
    if (!carriesFiles(event)) return;
    depth.current += 1;
    setIsOver(true);
  }

  function onLeave(event: DragEvent) {
    if (!carriesFiles(event)) return;
    depth.current = Math.max(0, depth.current - 1);
    setIsOver(depth.current > 0);
  }

  function onDrop(event: DragEvent) {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth.current = 0;
    setIsOver(false);
    const file = event.dataTransfer.files[0];
    if (file) onPicture(file);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has an equal for the keyboard, the button "Read a picture's settings"
    <div
      onDragEnter={onEnter}
      onDragLeave={onLeave}
      onDragOver={(event) => carriesFiles(event) && event.preventDefault()}
      onDrop={onDrop}
      onPaste={(event) => {
        const file = event.clipboardData.files[0];
        const hasText = event.clipboardData.types.includes("text/plain"); // as word processors copy: it shall be pasted
        if (file && !hasText) onPicture(file);
      }}
      className="min-h-dvh"
    >
      {children}
      <div
        aria-hidden
        className={cn(
          "pointer-events-none fixed inset-3 z-[950] flex flex-col items-center justify-center gap-3 rounded-3xl border-2 border-primary border-dashed bg-background/90 transition-opacity",
          isOver ? "opacity-100" : "opacity-0",
        )}
      >
        <ImageDownIcon className="size-8 text-primary" />
        <p className="font-medium">Drop a picture made here to get its settings back</p>
      </div>
    </div>
  );
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer.types.includes("Files");
}
