/** Names of settings as people read them. */

import { t } from "@/i18n/t";

export function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** The name of something that this server does not have, from a link or a picture. */
export function notHere(name: string): string {
  return t("{name} (not installed)", { name });
}
