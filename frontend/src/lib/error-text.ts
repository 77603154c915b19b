/** What went wrong with an operator's call, in one sentence or two. */
import { Refused } from "@/api/client";

export function wordsOf(error: unknown): string {
  if (error instanceof Refused && error.fields.length > 0) {
    return error.fields
      .map(({ detail, allowed }) => `${capital(detail)}${allowed ? `; allowed: ${allowed}` : ""}.`)
      .join(" ");
  }
  return error instanceof Error ? capital(error.message) : String(error);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
