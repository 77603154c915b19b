"use client";
import { CircleAlertIcon } from "lucide-react";
import { thenBack, useMe } from "@/api/session";
import { useCountdown, whenWords } from "@/lib/countdown";
import { Button } from "@/components/ui/button";
import type { Trouble } from "@/lib/form-error";

/** A refusal, said where it was caused. Where waiting helps it counts down and offers to ask again. */
export function TroubleNote({ trouble, onRetry }: { trouble: Trouble; onRetry: () => void }) {
  const leftS = useCountdown(trouble.retryAfterS, trouble);
  return (
    <div role="alert" className="flex flex-wrap items-start gap-3 rounded-2xl bg-destructive/10 px-4 py-3 text-sm">
      <CircleAlertIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-destructive" />
      <div className="min-w-52 flex-1 space-y-0.5">
        <p className="font-medium">{trouble.title}</p>
        {trouble.details.map((detail) => (
          <p key={detail} className="break-words text-muted-foreground">
            {detail}
          </p>
        ))}
        {trouble.isForVisitors && <AccountOffer />}
      </div>
      {trouble.retryAfterS !== null && (
        <Button variant="outline" size="sm" className="tabular-nums" onClick={onRetry} disabled={leftS > 0}>
          {leftS > 0 ? <span aria-hidden>Again {whenWords(leftS, Date.now())}</span> : "Try again"}
        </Button>
      )}
    </div>
  );
}

/** For who has not logged in. Both ways lead back here, with the prompt. */
function AccountOffer() {
  const me = useMe().data;
  if (!me || me.user) return null;
  const link = "font-medium text-foreground underline underline-offset-4";
  return (
    <p className="text-muted-foreground">
      {me.registration !== "closed" && (
        <>
          <a href={thenBack("/register/")} className={link}>
            Register
          </a>{" "}
          for limits of your own; what you have made comes with you.{" "}
        </>
      )}
      <a href={thenBack("/login/")} className={link}>
        Log in
      </a>
    </p>
  );
}
