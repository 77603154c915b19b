"use client";
import { useId, useState } from "react";
import { answer, api } from "@/api/client";
import type { NewKey, Scope } from "@/api/types";
import { ApiForm } from "@/components/form/ApiForm";
import { text } from "@/components/form/form-text";
import { Field } from "@/components/ui/field";
import { t, tName } from "@/i18n/t";

const SCOPES: readonly { scope: Scope; note: string; isOperators?: boolean }[] = [
  { scope: "generate", note: "makes, marks and deletes pictures" },
  { scope: "read", note: "reads jobs, pictures, history and usage" },
  {
    scope: "on_behalf",
    note: "acts for end users: separate limits and history for each X-End-User",
  },
  { scope: "operator", note: "may do what operators may", isOperators: true },
];
const EXPIRIES = [
  { days: "", label: "Never" },
  { days: "30", label: "In 30 days" },
  { days: "90", label: "In 90 days" },
  { days: "365", label: "In a year" },
];

interface KeyFormProps {
  isOperator: boolean;
  onMade: (key: NewKey) => void;
}

export function KeyForm({ isOperator, onMade }: KeyFormProps) {
  const id = useId();
  const [round, setRound] = useState(0);

  async function make(data: FormData) {
    const days = text(data, "expires_in_days");
    const body = {
      name: text(data, "name"),
      scopes: data.getAll("scopes") as Scope[],
      expires_in_days: days === "" ? null : Number(days),
    };
    onMade(await answer(api.POST("/api/keys", { body })));
    setRound(round + 1);
  }

  return (
    <section aria-labelledby={`${id}-new`} className="space-y-4 rounded-2xl border bg-card p-5 sm:p-6">
      <h2 id={`${id}-new`} className="font-semibold text-base">
        {t("New key")}
      </h2>
      <ApiForm key={round} label={t("New key")} submit={t("Create key")} onSubmit={make}>
        {(problemOf) => (
          <>
            <div className="grid gap-4 sm:grid-cols-[1fr_12rem]">
              <Field
                label={t("Name")}
                name="name"
                required
                maxLength={64}
                autoComplete="off"
                placeholder={t("Front end")}
                problem={problemOf("name")}
              />
              <div className="space-y-1.5">
                <label htmlFor={`${id}-expiry`} className="block font-medium text-sm">
                  {t("Expires")}
                </label>
                <select
                  id={`${id}-expiry`}
                  name="expires_in_days"
                  className="h-10 w-full rounded-xl border border-input bg-card px-3 text-base sm:text-sm"
                >
                  {EXPIRIES.map(({ days, label }) => (
                    <option key={days} value={days}>
                      {tName(label)}
                    </option>
                  ))}
                </select>
              </div>
            </div>
            <fieldset className="space-y-2.5">
              <legend className="mb-1.5 font-medium text-sm">{t("Permissions")}</legend>
              {SCOPES.filter((each) => isOperator || !each.isOperators).map(({ scope, note }) => (
                <label key={scope} className="flex cursor-pointer items-start gap-3 text-sm">
                  <input
                    type="checkbox"
                    name="scopes"
                    value={scope}
                    defaultChecked={scope === "generate" || scope === "read"}
                    className="mt-0.5 size-4 shrink-0 accent-[var(--primary)]"
                  />
                  <span>
                    <span className="font-medium">{scope}</span>{" "}
                    <span className="text-muted-foreground">{tName(note)}</span>
                  </span>
                </label>
              ))}
              {problemOf("scopes") && <p className="text-destructive text-xs">{problemOf("scopes")}</p>}
            </fieldset>
          </>
        )}
      </ApiForm>
    </section>
  );
}
