"use client";
import { type RefObject, useState } from "react";
import { answer, api } from "@/api/client";
import type { OperatorUser } from "@/api/types";
import { ApiForm } from "@/components/form/ApiForm";
import { text } from "@/components/form/form-text";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { t } from "@/i18n/t";
import { notify } from "@/lib/notify";
import { dollars } from "@/lib/words/money";

interface GrantProps {
  user: OperatorUser;
  trigger: RefObject<HTMLButtonElement | null>;
  onClose: () => void;
}

/** An operator's dialog that adds credit to an account, or takes some away. */
export default function Grant({ user, trigger, onClose }: GrantProps) {
  const [problem, setProblem] = useState<string | null>(null);

  async function change(data: FormData) {
    const micro_usd = Math.round(Number(text(data, "amount")) * 1_000_000);
    setProblem(micro_usd ? null : t("It is no amount."));
    if (!micro_usd) return;
    const params = { params: { path: { user_id: user.id } }, body: { micro_usd, reason: text(data, "reason") } };
    const left = await answer(
      micro_usd > 0
        ? api.POST("/api/operator/users/{user_id}/credit/grant", params)
        : api.POST("/api/operator/users/{user_id}/credit/adjust", params),
    );
    notify("success", t("{email} has {amount} now.", { email: user.email, amount: dollars(left.available_micro_usd) }));
    onClose();
  }

  return (
    <Dialog open onOpenChange={(isOpen) => isOpen || onClose()}>
      <DialogPanel
        title={t("Credit of {email}", { email: user.email })}
        description={t("The reason is shown in the account's history.")}
        returnFocus={trigger}
      >
        <ApiForm label={t("Change the credit")} submit={t("Change it")} onSubmit={change}>
          {(problemOf) => (
            <>
              <Field
                label={t("Dollars")}
                name="amount"
                inputMode="decimal"
                required
                hint={t("A negative number takes credit away.")}
                problem={problem ?? problemOf("micro_usd")}
              />
              <Field label={t("Reason")} name="reason" maxLength={500} required problem={problemOf("reason")} />
            </>
          )}
        </ApiForm>
      </DialogPanel>
    </Dialog>
  );
}
