/** What something costs the operator, in words. */
import { MONEY, moneyLocale } from "@/lib/words/money";

/** `$12.40`, `$0.034`, `$0.00042`: below a dollar two digits that count. */
export function cost(micro_usd: number): string {
  const usd = micro_usd / 1_000_000;
  const digits =
    usd === 0 || Math.abs(usd) >= 1
      ? { minimumFractionDigits: 2, maximumFractionDigits: 2 }
      : { minimumFractionDigits: 2, maximumFractionDigits: 6 };
  const rounded = Math.abs(usd) >= 1 ? usd : Number(usd.toPrecision(2));
  return rounded.toLocaleString(moneyLocale(), { ...MONEY, ...digits });
}
