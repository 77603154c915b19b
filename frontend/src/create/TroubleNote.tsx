"use client";
import { CircleAlertIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import type { Trouble } from "./problems";

/** A refusal, said where it was caused. Where waiting helps it counts down and offers to ask again. */
export function TroubleNote({ trouble, onRetry }: { trouble: Trouble; onRetry: () => void }) {
  const [leftS, setLeftS] = useState(trouble.retryAfterS ?? 0);
  useEffect(() => {
    setLeftS(trouble.retryAfterS ?? 0);
    const timer = setInterval(() => setLeftS((left) => Math.max(0, left - 1)), 1000);
    return () => clearInterval(timer);
  }, [trouble]);
  return (
    <div role="alert" className="flex items-start gap-3 rounded-2xl bg-destructive/10 px-4 py-3 text-sm">
      <CircleAlertIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-destructive" />
      <div className="min-w-0 flex-1 space-y-0.5">
        <p className="font-medium">{trouble.title}</p>
        {trouble.details.map((detail) => (
          <p key={detail} className="break-words text-muted-foreground">
            {detail}
          </p>
        ))}
      </div>
      {trouble.retryAfterS !== null && (
        <Button variant="outline" size="sm" onClick={onRetry} disabled={leftS > 0}>
          {leftS > 0 ? <span aria-hidden>Again in {leftS} s</span> : "Try again"}
        </Button>
      )}
    </div>
  );
}
