/** Amounts in words. */

const MICRO_PER_CENT = 10_000;

/** `$12.40`, `$0.034`, `$0.00042`: below a dollar two digits that count. */
export function cost(micro_usd: number): string {
  const usd = micro_usd / 1_000_000;
  const digits =
    usd === 0 || Math.abs(usd) >= 1
      ? { minimumFractionDigits: 2, maximumFractionDigits: 2 }
      : { minimumFractionDigits: 2, maximumFractionDigits: 6 };
  const rounded = Math.abs(usd) >= 1 ? usd : Number(usd.toPrecision(2));
  return rounded.toLocaleString("en-US", { style: "currency", currency: "USD", ...digits });
}

/** `$0.50`, `−$1.25`; parts of a cent are left out. */
export function dollars(micro_usd: number): string {
  const cents = Math.trunc(Math.abs(micro_usd) / MICRO_PER_CENT);
  const words = (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });
  return micro_usd < 0 ? `−${words}` : words;
}
