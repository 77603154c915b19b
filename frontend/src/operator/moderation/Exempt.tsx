"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import type { OperatorUser } from "@/api/types";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";

/** Exempts an account from moderation, or ends that. */
export function Exempt({ user }: { user: OperatorUser }) {
  const queries = useQueryClient();
  const isExempt = user.moderation_exempt === true;
  const { mutate, isPending } = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/operator/users/{user_id}/moderation", {
          params: { path: { user_id: user.id } },
          body: { exempt: !isExempt, note: "" },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["operator", "users"] }),
  });
  return (
    <Button variant="ghost" size="sm" aria-disabled={isPending} onClick={() => isPending || mutate()}>
      {isExempt ? t("Moderate") : t("Exempt")}
      <span className="sr-only"> {user.email}</span>
    </Button>
  );
}
