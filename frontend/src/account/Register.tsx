"use client";
import { useQueryStates } from "nuqs";
import { PARSERS } from "@/address/parsers";
import { answer, api, Refused } from "@/api/client";
import { changeUser, useMe } from "@/api/session";
import { ApiForm } from "@/components/form/ApiForm";
import { text } from "@/components/form/form-text";
import { Shell } from "@/components/Shell";
import { Field } from "@/components/ui/field";
import { t } from "@/i18n/t";
import { noteAfterReload } from "@/lib/notify";
import { OtherForm } from "./LogIn";
import { NewPassword } from "./NewPassword";

/** The server's answer to a registration does not reveal whether the e-mail had an account before. Throws Refused. */
async function logIn(email: string, password: string) {
  try {
    await answer(api.POST("/api/auth/login", { body: { email, password } }));
  } catch (error) {
    if (!(error instanceof Refused && error.kind === "wrong-login")) throw error;
    throw new Refused(
      error.status,
      error.kind,
      t(
        "This e-mail has an account already, with another password. Log in, or ask the operator for a link that sets a new one.",
      ),
    );
  }
}

export function Register() {
  const registration = useMe().data?.registration;
  const [{ invite, next }] = useQueryStates(PARSERS.account);

  async function register(data: FormData) {
    const body = {
      email: text(data, "email"),
      password: text(data, "new_password"),
      invite: text(data, "invite").trim() || null,
    };
    await answer(api.POST("/api/auth/register", { body }));
    await logIn(body.email, body.password);
    noteAfterReload(t("Your account is ready. Pictures from this browser are in it."));
    changeUser(next ?? "/");
  }

  if (registration === "closed") {
    return (
      <Shell title={t("Register")} width="narrow" note={t("Registration is closed. Ask the operator for an account.")}>
        {null}
      </Shell>
    );
  }
  return (
    <Shell title={t("Register")} width="narrow" note={t("Pictures from this browser will move to your account.")}>
      <ApiForm label={t("Register")} submit={t("Register")} onSubmit={register}>
        {(problemOf) => (
          <>
            <Field
              label={t("E-mail")}
              name="email"
              type="email"
              autoComplete="username"
              required
              hint={t("You log in with it. We never send mail.")}
              problem={problemOf("email")}
            />
            <NewPassword label={t("Password")} problem={problemOf("password")} />
            {(registration === "invite" || invite) && (
              <Field
                key={invite}
                label={t("Invitation")}
                name="invite"
                defaultValue={invite ?? ""}
                required
                autoComplete="off"
                hint={t("The code that the operator gave you.")}
                problem={problemOf("invite")}
              />
            )}
          </>
        )}
      </ApiForm>
      <p className="border-t pt-5 text-muted-foreground text-sm">
        {t("Already have an account?")} <OtherForm path="/login/">{t("Log in")}</OtherForm>
      </p>
    </Shell>
  );
}
