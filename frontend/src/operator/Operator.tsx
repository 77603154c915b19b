"use client";
import { LockIcon } from "lucide-react";
import { withWayBack } from "@/address/way-back";
import { useMe } from "@/api/session";
import { Link } from "@/components/Link";
import { Shell } from "@/components/Shell";
import { buttonLook } from "@/components/ui/button";
import { t } from "@/i18n/t";
import { lazyPart } from "@/lib/lazy";

const [Console] = lazyPart(() => import("./Console"), { meanwhile: () => <div className="min-h-96" /> });

/** The operator's page. Other users get an explanation; neither the console's code nor its data is fetched for them. */
export function Operator() {
  const { data: me, failureReason } = useMe();
  return (
    <Shell title={t("Operator")} width="wide">
      {me ? (
        me.scopes.includes("operator") ? (
          <Console />
        ) : (
          <OperatorsOnly isLoggedIn={me.user !== null} />
        )
      ) : (
        <p role="status" className="min-h-40 text-muted-foreground text-sm">
          {failureReason ? t("Can't reach the server. Trying again…") : ""}
        </p>
      )}
    </Shell>
  );
}

function OperatorsOnly({ isLoggedIn }: { isLoggedIn: boolean }) {
  return (
    <section className="flex max-w-xl flex-col items-start gap-4 rounded-3xl border bg-card p-6 sm:p-8">
      <LockIcon aria-hidden className="size-6 text-primary" />
      <h2 className="font-medium text-lg">{t("This page is for operators")}</h2>
      <p className="text-muted-foreground text-sm leading-relaxed">
        {isLoggedIn
          ? t("Your account isn't an operator. Run this on the server to make it one:")
          : t("Log in as an operator. Run this on the server to make an account one:")}
      </p>
      <code className="w-full overflow-x-auto whitespace-nowrap rounded-xl bg-muted px-3 py-2 text-xs">
        python -m server create-operator --email you@example.org
      </code>
      <div className="flex flex-wrap gap-2">
        {!isLoggedIn && (
          <Link className={buttonLook()} href={() => withWayBack("/login/")}>
            {t("Log in")}
          </Link>
        )}
        <Link className={buttonLook({ variant: "outline" })} href="/">
          {t("Make pictures")}
        </Link>
      </div>
    </section>
  );
}
