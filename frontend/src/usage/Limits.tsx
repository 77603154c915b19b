"use client";
import type { Limit, LimitsLeft } from "@/api/types";
import { t, tName } from "@/i18n/t";
import { cn } from "@/lib/cn";
import { useCountdown, whenWords } from "@/lib/words/countdown";
import { type Measure, measured } from "./days";

interface LimitKind {
  key: keyof LimitsLeft;
  name: string;
  measure: Measure;
  more: "You get the next one back {when}." | "You get all back {when}.";
}

const KINDS: readonly LimitKind[] = [
  {
    key: "jobs_per_hour",
    name: "Generations an hour",
    measure: "generations",
    more: "You get the next one back {when}.",
  },
  { key: "pictures_per_day", name: "Pictures a day", measure: "pictures", more: "You get all back {when}." },
  { key: "gpu_s_per_day", name: "Compute time a day", measure: "gpu_s", more: "You get all back {when}." },
];

/** What is left of each limit, and when there is more. */
export function Limits({ left }: { left: LimitsLeft }) {
  const kinds = KINDS.filter(({ key }) => left[key] !== null);
  if (kinds.length === 0) return null;
  return (
    <section aria-labelledby="limits" className="space-y-4 rounded-2xl border bg-card p-5 sm:p-6">
      <h2 id="limits" className="font-semibold text-base">
        {t("Remaining")}
      </h2>
      {kinds.map((kind) => {
        const limit = left[kind.key];
        return limit && <OneLimit key={kind.key} kind={kind} limit={limit} />;
      })}
    </section>
  );
}

function OneLimit({ kind, limit }: { kind: LimitKind; limit: Limit }) {
  const wait_s = useCountdown(limit.reset_s, limit);
  const isUntouched = limit.remaining >= limit.limit;
  return (
    <div className="space-y-2">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 text-sm">
        <span className="font-medium">{tName(kind.name)}</span>
        <span className="text-muted-foreground tabular-nums">
          {t("{left} of {limit} left", {
            left: measured(limit.remaining, kind.measure),
            limit: measured(limit.limit, kind.measure),
          })}
        </span>
      </div>
      <div aria-hidden className="h-2 overflow-hidden rounded-full bg-muted forced-colors:border">
        <div
          className={cn(
            "h-full rounded-full forced-colors:bg-[Highlight]",
            limit.remaining === 0 ? "bg-destructive" : "bg-primary",
          )}
          style={{ width: `${(100 * limit.remaining) / limit.limit}%` }}
        />
      </div>
      {!isUntouched && (
        <p className="text-muted-foreground text-xs tabular-nums">
          {wait_s > 0 ? t(kind.more, { when: whenWords(wait_s, Date.now()) }) : t("Refreshed.")}
        </p>
      )}
    </div>
  );
}
