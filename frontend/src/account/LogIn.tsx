"use client";
import { useQueryStates } from "nuqs";
import { accountAddress } from "@/address/links";
import { PARSERS } from "@/address/parsers";
import { answer, api } from "@/api/client";
import { changeUser, useMe } from "@/api/session";
import { ApiForm } from "@/components/form/ApiForm";
import { text } from "@/components/form/form-text";
import { Link } from "@/components/Link";
import { Shell } from "@/components/Shell";
import { Field } from "@/components/ui/field";
import { t } from "@/i18n/t";

export function LogIn() {
  const me = useMe().data;
  const [{ next }] = useQueryStates(PARSERS.account);

  async function logIn(data: FormData) {
    await answer(
      api.POST("/api/auth/login", { body: { email: text(data, "email"), password: text(data, "password") } }),
    );
    changeUser(next ?? "/");
  }

  return (
    <Shell title={t("Log in")} width="narrow">
      <ApiForm label={t("Log in")} submit={t("Log in")} onSubmit={logIn}>
        {(problemOf) => (
          <>
            <Field
              label={t("E-mail")}
              name="email"
              type="email"
              autoComplete="username"
              required
              problem={problemOf("email")}
            />
            <Field
              label={t("Password")}
              name="password"
              type="password"
              autoComplete="current-password"
              required
              problem={problemOf("password")}
            />
          </>
        )}
      </ApiForm>
      <div className="space-y-2 border-t pt-5 text-muted-foreground text-sm">
        {me?.registration !== "closed" && (
          <p>
            {t("No account yet?")} <OtherForm path="/register/">{t("Register")}</OtherForm>
          </p>
        )}
        <p>{t("Forgot your password? Ask the operator for a reset link.")}</p>
      </div>
    </Shell>
  );
}

/** The other form; it leads to the same page afterwards. */
export function OtherForm({ path, children }: { path: "/login/" | "/register/"; children: string }) {
  const [held] = useQueryStates(PARSERS.account);
  return (
    <Link href={accountAddress(path, held)} className="font-medium text-foreground underline underline-offset-4">
      {children}
    </Link>
  );
}
