/** Why a request for pictures was refused, in words for the visitor. Pure. */

import { type FieldProblem, Refused, Unreachable } from "@/api/client";
import { t } from "@/i18n/t";
import { sentence } from "@/lib/words/sentence";
import { fieldLabel } from "@/settings/settings";

export interface FormError {
  readonly title: string;
  readonly details: readonly string[];
  /** Seconds after which a retry makes sense; null where waiting does not help. */
  readonly retryAfterS: number | null;
  /** The refused fields, by the API's names. */
  readonly fields: readonly string[];
  /** True if an account may lift it. */
  readonly isForVisitors?: boolean;
  /** True if more credit lifts it. */
  readonly isForCredit?: boolean;
}

export const NO_PROMPT: FormError = {
  title: "Type a prompt first.",
  details: [],
  retryAfterS: null,
  fields: ["prompt"],
};

export function formErrorOf(error: unknown): FormError {
  if (error instanceof Unreachable) {
    return {
      title: error.message,
      details: [
        error.mayHaveAccepted
          ? t("Your request may have gone through. Check below before trying again.")
          : t("Your prompt is kept: try again in a moment."),
      ],
      retryAfterS: 3,
      fields: [],
    };
  }
  if (error instanceof Refused) return ofRefusal(error);
  return { title: t("Something went wrong on this page."), details: [String(error)], retryAfterS: null, fields: [] };
}

function ofRefusal(error: Refused): FormError {
  const { status, kind, retryAfterS } = error;
  if (status === 429) {
    // the rest of the sentence has the wait at the time of the response: the countdown shows the current one
    const reason = error.message.split(";")[0] ?? "";
    const details = [sentence(reason), t("Your prompt is kept.")];
    return { title: t("You have reached a limit."), details, retryAfterS, fields: [], isForVisitors: true };
  }
  if (status === 503) {
    const isFull = kind === "queue-full";
    return {
      title: isFull ? t("The queue is full right now.") : sentence(error.message),
      details: [t("Your prompt is kept.")],
      retryAfterS: retryAfterS ?? 10,
      fields: [],
    };
  }
  if (status === 401 || status === 402) {
    const details = [t("Your prompt is kept.")];
    const title = sentence(error.message);
    return { title, details, retryAfterS, fields: [], isForVisitors: true, isForCredit: status === 402 };
  }
  const fields = error.fields.map(({ field }) => field);
  const title = error.fields.length > 0 ? t("Please fix these settings.") : sentence(error.message);
  return { title, details: error.fields.map(ofField), retryAfterS, fields };
}

function ofField({ field, detail, allowed }: FieldProblem): string {
  return `${fieldLabel(field)}: ${detail}${allowed ? `. ${t("Allowed: {what}", { what: allowed })}` : ""}.`;
}
