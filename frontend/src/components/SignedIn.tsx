"use client";
import type { ReactNode } from "react";
import { thenBack, useMe } from "@/api/session";
import type { User } from "@/api/types";
import { Button } from "@/components/ui/button";

interface SignedInProps {
  /** For operators alone. */
  operator?: boolean;
  children: (user: User) => ReactNode;
}

/** Its children for who has logged in; for everybody else the way to that. The server decides by itself what it
 * answers: this only explains. */
export function SignedIn({ operator = false, children }: SignedInProps) {
  const { data: me, failureReason } = useMe();
  if (!me) {
    return (
      <p role="status" className="min-h-40 text-muted-foreground text-sm">
        {failureReason ? "The server does not answer. Trying again…" : ""}
      </p>
    );
  }
  if (!me.user) {
    return (
      <div className="flex flex-col items-start gap-4 rounded-2xl border bg-card p-6">
        <p className="text-sm">This page is for those who have logged in.</p>
        <div className="flex flex-wrap gap-2">
          <Button asChild>
            <a href={thenBack("/login/")}>Log in</a>
          </Button>
          {me.registration !== "closed" && (
            <Button variant="secondary" asChild>
              <a href={thenBack("/register/")}>Register</a>
            </Button>
          )}
        </div>
      </div>
    );
  }
  if (operator && !me.user.is_operator) {
    return <p className="text-muted-foreground text-sm">There is nothing here for you.</p>;
  }
  return children(me.user);
}
