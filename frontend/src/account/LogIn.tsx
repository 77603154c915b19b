"use client";
import { answer, api } from "@/api/client";
import { becomeSomebodyElse, nextPage, useMe } from "@/api/session";
import { AskForm } from "@/components/form/ApiForm";
import { Shell } from "@/components/Shell";
import { Field } from "@/components/ui/field";
import { text } from "@/components/form/form-text";

export function LogIn() {
  const me = useMe().data;

  async function logIn(data: FormData) {
    await answer(
      api.POST("/api/auth/login", { body: { email: text(data, "email"), password: text(data, "password") } }),
    );
    becomeSomebodyElse(nextPage(window.location.search));
  }

  return (
    <Shell title="Log in" width="narrow">
      <AskForm label="Log in" submit="Log in" onSubmit={logIn}>
        {(problemOf) => (
          <>
            <Field
              label="E-mail"
              name="email"
              type="email"
              autoComplete="username"
              required
              problem={problemOf("email")}
            />
            <Field
              label="Password"
              name="password"
              type="password"
              autoComplete="current-password"
              required
              problem={problemOf("password")}
            />
          </>
        )}
      </AskForm>
      <div className="space-y-2 border-t pt-5 text-muted-foreground text-sm">
        {me?.registration !== "closed" && (
          <p>
            No account yet? <OtherForm path="/register/">Register</OtherForm>
          </p>
        )}
        <p>Forgotten the password? This server sends no mail: its operator can make a link that sets a new one.</p>
      </div>
    </Shell>
  );
}

/** Keeps where to go afterwards. */
export function OtherForm({ path, children }: { path: string; children: string }) {
  return (
    <a
      href={path}
      onClick={(event) => {
        event.currentTarget.href = path + window.location.search;
      }}
      className="font-medium text-foreground underline underline-offset-4"
    >
      {children}
    </a>
  );
}
