"use client";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

interface FloatingProps {
  role: "status" | "alert";
  className: string;
  children: ReactNode;
}

/** A line at the lower edge of the window, over the page: it causes no layout shift. */
export function Floating({ role, className, children }: FloatingProps) {
  return (
    <div className="pointer-events-none fixed inset-x-0 bottom-6 z-[800] flex justify-center px-4">
      <div
        role={role}
        className={cn(
          "fade-in-0 slide-in-from-bottom-4 pointer-events-auto flex animate-in items-center gap-3 whitespace-nowrap rounded-full border bg-popover text-popover-foreground text-sm shadow-black/15 shadow-xl",
          className,
        )}
      >
        {children}
      </div>
    </div>
  );
}
