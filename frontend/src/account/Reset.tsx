"use client";
import { useQueryStates } from "nuqs";
import { useState } from "react";
import { PARSERS } from "@/address/parsers";
import { answer, api } from "@/api/client";
import { ApiForm } from "@/components/form/ApiForm";
import { text } from "@/components/form/form-text";
import { Link } from "@/components/Link";
import { Shell } from "@/components/Shell";
import { buttonLook } from "@/components/ui/button";
import { t } from "@/i18n/t";
import { NewPassword } from "./NewPassword";

/** The page of the operator's one-time link. */
export function Reset() {
  const [{ token }] = useQueryStates(PARSERS.account);
  const [isDone, setIsDone] = useState(false);

  async function reset(data: FormData) {
    const body = { token: token ?? "", new_password: text(data, "new_password") };
    await answer(api.POST("/api/auth/reset", { body }));
    setIsDone(true);
  }

  if (!token) {
    return (
      <Shell
        title={t("Set a new password")}
        width="narrow"
        note={t("This link is incomplete. Ask the operator for a reset link.")}
      >
        <Link className={buttonLook()} href="/login/">
          {t("Log in")}
        </Link>
      </Shell>
    );
  }
  if (isDone) {
    return (
      <Shell title={t("Password changed")} width="narrow" note={t("You have been logged out everywhere.")}>
        <Link className={buttonLook()} href="/login/">
          {t("Log in")}
        </Link>
      </Shell>
    );
  }
  return (
    <Shell title={t("Set a new password")} width="narrow" note={t("The link works once.")}>
      <ApiForm label={t("New password")} submit={t("Set the password")} onSubmit={reset}>
        {(problemOf) => <NewPassword label={t("New password")} problem={problemOf("new_password")} />}
      </ApiForm>
    </Shell>
  );
}
