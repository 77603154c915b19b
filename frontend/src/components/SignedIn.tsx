"use client";
import type { ReactNode } from "react";
import { withWayBack } from "@/address/way-back";
import { useMe } from "@/api/session";
import type { User } from "@/api/types";
import { buttonLook } from "@/components/ui/button";
import { t } from "@/i18n/t";
import { Link } from "./Link";

/** Its children for a user with an account; for a visitor the way to one. The server checks each call by itself: this only
 * explains. */
export function SignedIn({ children }: { children: (user: User) => ReactNode }) {
  const { data: me, failureReason } = useMe();
  if (!me) {
    return (
      <p role="status" className="min-h-40 text-muted-foreground text-sm">
        {failureReason ? t("Can't reach the server. Trying again…") : ""}
      </p>
    );
  }
  if (!me.user) {
    return (
      <div className="flex flex-col items-start gap-4 rounded-2xl border bg-card p-6">
        <p className="text-sm">{t("Log in to see this page.")}</p>
        <div className="flex flex-wrap gap-2">
          <Link className={buttonLook()} href={() => withWayBack("/login/")}>
            {t("Log in")}
          </Link>
          {me.registration !== "closed" && (
            <Link className={buttonLook({ variant: "secondary" })} href={() => withWayBack("/register/")}>
              {t("Register")}
            </Link>
          )}
        </div>
      </div>
    );
  }
  return children(me.user);
}
