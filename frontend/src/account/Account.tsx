"use client";
import { type ReactNode, useState } from "react";
import { answer, api } from "@/api/client";
import { changeUser, useMe } from "@/api/session";
import type { User } from "@/api/types";
import { ApiForm } from "@/components/form/ApiForm";
import { text } from "@/components/form/form-text";
import { Shell } from "@/components/Shell";
import { SignedIn } from "@/components/SignedIn";
import { Button } from "@/components/ui/button";
import { Dialog, DialogPanel, DialogTrigger } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { locale } from "@/i18n/language";
import { t, tRich } from "@/i18n/t";
import { forgetNotes } from "@/jobs/history/list-notes";
import { lazyPart } from "@/lib/lazy";
import { notify } from "@/lib/notify";
import { NewPassword } from "./NewPassword";

const [Credit] = lazyPart(() => import("@/credit/Credit"), { meanwhile: () => <div className="min-h-64" /> });

export function Account() {
  const credit = useMe().data?.credit;
  return (
    <Shell title={t("Account")}>
      <SignedIn>
        {(user) => (
          <div className="space-y-6">
            <WhoYouAre user={user} />
            {credit && <Credit />}
            <PasswordChange email={user.email} />
            <Deletion />
          </div>
        )}
      </SignedIn>
    </Shell>
  );
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="space-y-4 rounded-2xl border bg-card p-5 sm:p-6">
      <h2 className="font-semibold text-base">{title}</h2>
      {children}
    </section>
  );
}

function WhoYouAre({ user }: { user: User }) {
  return (
    <p className="break-words text-sm">
      {tRich(user.is_operator ? "You are logged in as {email}, an operator." : "You are logged in as {email}.", {
        email: <strong className="font-medium">{user.email}</strong>,
      })}{" "}
      {t("The account was made on {date}.", {
        date: new Date(user.created_at).toLocaleDateString(locale(), { dateStyle: "long" }),
      })}
    </p>
  );
}

function PasswordChange({ email }: { email: string }) {
  const [round, setRound] = useState(0);

  async function change(data: FormData) {
    const body = { password: text(data, "password"), new_password: text(data, "new_password") };
    await answer(api.POST("/api/auth/password", { body }));
    notify("success", t("Password changed. Other devices are logged out; API keys still work."));
    setRound(round + 1);
  }

  return (
    <Card title={t("Change password")}>
      <ApiForm key={round} label={t("Change password")} submit={t("Change password")} onSubmit={change}>
        {(problemOf) => (
          <div className="grid gap-4 sm:max-w-sm">
            <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
            <Field
              label={t("Current password")}
              name="password"
              type="password"
              autoComplete="current-password"
              required
              problem={problemOf("password")}
            />
            <NewPassword label={t("New password")} problem={problemOf("new_password")} />
          </div>
        )}
      </ApiForm>
    </Card>
  );
}

function Deletion() {
  async function remove(data: FormData) {
    await answer(api.DELETE("/api/auth/account", { body: { password: text(data, "password") } }));
    forgetNotes();
    changeUser("/");
  }

  return (
    <Card title={t("Delete the account")}>
      <p className="max-w-prose text-muted-foreground text-sm">
        {t("With its pictures, history and keys, for good. Jobs that are being made stop.")}
      </p>
      <Dialog>
        <DialogTrigger asChild>
          <Button variant="outline" className="text-destructive">
            {t("Delete the account…")}
          </Button>
        </DialogTrigger>
        <DialogPanel
          title={t("Delete the account?")}
          description={t("Its pictures, history and keys are deleted with it. This cannot be undone.")}
        >
          <ApiForm
            label={t("Delete the account")}
            submit={t("Delete for good")}
            variant="destructive"
            onSubmit={remove}
          >
            {(problemOf) => (
              <Field
                label={t("Password")}
                name="password"
                type="password"
                autoComplete="current-password"
                required
                problem={problemOf("password")}
              />
            )}
          </ApiForm>
        </DialogPanel>
      </Dialog>
    </Card>
  );
}
