"use client";
import { FileUpIcon } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { cn } from "@/lib/cn";

interface FileDropProps {
  onFiles: (files: readonly File[]) => void;
  /** Shown while files are dragged over the page. */
  hint: string;
  children: ReactNode;
}

/** While it is shown, files dropped anywhere on the page are its. Its equal for the keyboard is the caller's. */
export function FileDrop({ onFiles, hint, children }: FileDropProps) {
  const [isOver, setIsOver] = useState(false);
  const take = useRef(onFiles);
  take.current = onFiles;

  useEffect(() => {
    let depth = 0; // enter and leave fire for every element passed on the way
    const on = (change: number) => (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = Math.max(0, depth + change);
      setIsOver(depth > 0);
    };
    const onDrop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setIsOver(false);
      take.current([...(event.dataTransfer?.files ?? [])]);
    };
    const handlers = { dragenter: on(1), dragover: on(0), dragleave: on(-1), drop: onDrop } as const;
    const entries = Object.entries(handlers) as [keyof typeof handlers, (event: DragEvent) => void][];
    for (const [name, handler] of entries) document.addEventListener(name, handler);
    return () => {
      for (const [name, handler] of entries) document.removeEventListener(name, handler);
    };
  }, []);

  return (
    <>
      {children}
      <div
        aria-hidden
        className={cn(
          "pointer-events-none fixed inset-3 z-[950] flex flex-col items-center justify-center gap-3 rounded-3xl border-2 border-primary border-dashed bg-background/90 transition-opacity",
          isOver ? "opacity-100" : "invisible opacity-0",
        )}
      >
        <FileUpIcon className="size-8 text-primary" />
        <p className="font-medium">{hint}</p>
      </div>
    </>
  );
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
