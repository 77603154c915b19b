/** The overview's numbers, ready to be shown. Pure. */

import type { OverviewFigures } from "@/api/types";
import { t, tNumber } from "@/i18n/t";
import { dollars } from "@/lib/words/money";
import { cost } from "./cost";

export const PERIODS = ["1", "7", "30"] as const;
export type Period = (typeof PERIODS)[number];

const DAY_MS = 86_400_000;

/** The first of the last `num` days, in UTC: `2026-11-22`. */
export function firstDay(num: number, now_ms: number): string {
  return new Date(now_ms - (num - 1) * DAY_MS).toISOString().slice(0, 10);
}

/** `0.4 s`, `12 s`, `3 min`, `2.5 h`; a dash for nothing. */
export function seconds(value: number | null): string {
  if (value === null) return "–";
  if (value < 10) return `${tNumber(Math.round(10 * value) / 10)} s`;
  if (value < 100) return `${Math.round(value)} s`;
  if (value < 6000) return `${Math.round(value / 60)} min`;
  return `${tNumber(Math.round(value / 360) / 10)} h`;
}

/** `40%`; below 10 with a digit after the point; a dash for a share of nothing. */
export function share(value: number | null): string {
  if (value === null) return "–";
  const percent = 100 * value;
  return `${tNumber(percent > 0 && percent < 10 ? Math.round(10 * percent) / 10 : Math.round(percent))}%`;
}

/** A cost, or `missing` where there is none. */
export function costOf(micro_usd: number | null, missing = t("unknown")): string {
  return micro_usd === null ? missing : cost(micro_usd);
}

export type Measure = "pictures" | "generations" | "users" | "wait" | "gpu" | "cost" | "revenue";

export interface MeasureKind {
  value: Measure;
  label: string;
  format: (value: number) => string;
  isCount?: boolean;
}

const COUNT = { format: (value: number) => tNumber(value), isCount: true };

/** What the chart can show. `isCostKnown`: some price is set. */
export function measures(isCostKnown: boolean, isCharged: boolean): MeasureKind[] {
  const all: (MeasureKind | false)[] = [
    { value: "pictures", label: "Pictures", ...COUNT },
    { value: "generations", label: "Generations", ...COUNT },
    { value: "users", label: "Users", ...COUNT },
    { value: "wait", label: "Wait", format: seconds },
    { value: "gpu", label: "GPU time", format: seconds },
    isCostKnown && { value: "cost", label: "Cost", format: cost },
    isCharged && { value: "revenue", label: "Revenue", format: dollars },
  ];
  return all.filter((each) => each !== false);
}

type CostPart = "work" | "lost" | "idle" | "storage" | "egress";

/** The parts of a cost: what they are, and the setting that prices them. */
export const COST_PARTS: readonly { part: CostPart; name: string; note: string; setting: string }[] = [
  { part: "work", name: "Making pictures", note: "GPU time of stored pictures", setting: "STUDIO_GPU_HOURLY_USD" },
  { part: "lost", name: "Lost work", note: "GPU time of other pictures", setting: "STUDIO_GPU_HOURLY_USD" },
  { part: "idle", name: "Idle", note: "workers without work", setting: "STUDIO_GPU_HOURLY_USD" },
  { part: "storage", name: "Storage", note: "pictures that are kept", setting: "STUDIO_STORAGE_USD_GB_MONTH" },
  { part: "egress", name: "Downloads", note: "bytes of downloads", setting: "STUDIO_EGRESS_USD_GB" },
];

export function partOf(figures: OverviewFigures, part: CostPart): number | null {
  return figures.costs[`${part}_micro_usd`];
}

/** The settings without which costs are not complete. */
export function missingPrices(figures: OverviewFigures): string[] {
  return [...new Set(COST_PARTS.filter(({ part }) => partOf(figures, part) === null).map(({ setting }) => setting))];
}
