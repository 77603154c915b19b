"use client";
import { CircleAlertIcon } from "lucide-react";
import { withWayBack } from "@/address/way-back";
import { useMe } from "@/api/session";
import { Link } from "@/components/Link";
import { Button } from "@/components/ui/button";
import type { FormError } from "@/domain/form-error";
import { t } from "@/i18n/t";
import { useCountdown, whenWords } from "@/lib/words/countdown";

/** A refusal, next to the form that caused it. Where waiting helps it counts down and offers a retry. */
export function FormErrorNote({ error, onRetry }: { error: FormError; onRetry: () => void }) {
  const leftS = useCountdown(error.retryAfterS, error);
  return (
    <div role="alert" className="flex flex-wrap items-start gap-3 rounded-2xl bg-destructive/10 px-4 py-3 text-sm">
      <CircleAlertIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-destructive" />
      <div className="min-w-52 flex-1 space-y-0.5">
        <p className="font-medium">{error.title}</p>
        {error.details.map((detail) => (
          <p key={detail} className="break-words text-muted-foreground">
            {detail}
          </p>
        ))}
        {error.isForVisitors && <AccountOffer isForCredit={error.isForCredit} />}
      </div>
      {error.retryAfterS !== null && (
        <Button variant="outline" size="sm" className="tabular-nums" onClick={onRetry} disabled={leftS > 0}>
          {leftS > 0 ? (
            <span aria-hidden>{t("Try again {when}", { when: whenWords(leftS, Date.now()) })}</span>
          ) : (
            t("Try again")
          )}
        </Button>
      )}
    </div>
  );
}

/** For visitors without an account: both ways lead back here, with the prompt. For an account without credit: its page. */
function AccountOffer({ isForCredit }: { isForCredit?: boolean }) {
  const me = useMe().data;
  const link = "font-medium text-foreground underline underline-offset-4";
  if (me?.user && isForCredit) {
    return (
      <Link href="/account/" className={link}>
        {t("Buy credit")}
      </Link>
    );
  }
  if (!me || me.user) return null;
  return (
    <p className="text-muted-foreground">
      {me.registration !== "closed" && (
        <>
          <Link href={() => withWayBack("/register/")} className={link}>
            {t("Sign up")}
          </Link>{" "}
          {t("for higher limits. Your pictures move to your account.")}{" "}
        </>
      )}
      <Link href={() => withWayBack("/login/")} className={link}>
        {t("Log in")}
      </Link>
    </p>
  );
}
