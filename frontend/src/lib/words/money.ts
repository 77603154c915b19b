/** Amounts in words. */

import { locale, shown } from "@/i18n/language";

const MICRO_PER_CENT = 10_000;

export const MONEY = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" } as const;

/** In English always `$0.50`, as prices of this service are written. */
export function moneyLocale(): string {
  return shown().language === "en" ? "en-US" : locale();
}

/** `$0.50`, `−$1.25`; parts of a cent are left out. */
export function dollars(micro_usd: number): string {
  const cents = Math.trunc(Math.abs(micro_usd) / MICRO_PER_CENT);
  const words = (cents / 100).toLocaleString(moneyLocale(), MONEY);
  return micro_usd < 0 ? `−${words}` : words;
}
