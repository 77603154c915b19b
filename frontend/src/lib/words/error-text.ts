/** What went wrong with a call, in one sentence or two. */

import { Refused } from "@/api/client";
import { t } from "@/i18n/t";
import { sentence } from "./sentence";

export function errorText(error: unknown): string {
  if (error instanceof Refused && error.fields.length > 0) {
    return error.fields
      .map(({ detail, allowed }) => sentence(detail + (allowed ? `; ${t("allowed: {what}", { what: allowed })}` : "")))
      .join(" ");
  }
  return sentence(error instanceof Error ? error.message : String(error));
}
