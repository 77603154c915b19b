import { capitalized } from "./names";

/** A reason as the server gives it, `picture 1: out of memory`, as a sentence. */
export function sentence(detail: string): string {
  const text = detail.trim();
  if (text === "") return "";
  const begun = capitalized(text);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
