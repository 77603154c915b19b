"use client";
import { Trash2Icon } from "lucide-react";
import { useEffect } from "react";
import { Button } from "@/components/ui/button";
import { t, tCount } from "@/i18n/t";
import { useUndo } from "@/jobs/deletions";
import { cn } from "@/lib/cn";

interface UndoBarProps {
  isInPanel?: boolean;
  /** Above another bar at the lower edge. */
  isRaised?: boolean;
}

/** The last deletion, while it can be undone: by its button or Ctrl+Z. */
export function UndoBar({ isInPanel = false, isRaised = false }: UndoBarProps) {
  const { pending, undo, hold, release } = useUndo();
  useEffect(() => {
    if (!pending) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || isTyping) return;
      event.preventDefault();
      undo();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [pending, undo]);

  const bar = pending && (
    <div
      onPointerEnter={hold}
      onPointerLeave={release}
      className="pointer-events-auto flex items-center gap-3 rounded-full border bg-popover py-1.5 pr-1.5 pl-4 text-popover-foreground text-sm shadow-black/15 shadow-xl"
    >
      <Trash2Icon aria-hidden className="size-4 text-muted-foreground" />
      {tCount(pending.count, "1 picture deleted", "{count} pictures deleted")}
      <Button variant="secondary" size="sm" onClick={undo} onFocus={hold} onBlur={release}>
        {t("Undo")}
      </Button>
    </div>
  );
  return (
    <div
      role="status"
      className={
        isInPanel
          ? "flex [&:empty]:hidden"
          : cn(
              "pointer-events-none fixed inset-x-0 z-[810] flex justify-center px-4",
              isRaised ? "bottom-20" : "bottom-6",
            )
      }
    >
      {bar}
    </div>
  );
}
