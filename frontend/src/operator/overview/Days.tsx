"use client";
import { useState } from "react";
import type { OverviewDay, OverviewReport } from "@/api/types";
import { DayChart, type Series } from "@/components/DayChart";
import { Choice } from "@/components/form/Choice";
import { type Column, Table } from "@/components/ui/table";
import { t, tItems, tName, tNumber } from "@/i18n/t";
import { dollars } from "@/lib/words/money";
import { shortDate } from "@/lib/words/short-date";
import { Card, TABLE } from "./Card";
import { COST_PARTS, costOf, type Measure, measures, partOf, seconds, share } from "./figures";

const FILLS = ["fill-primary", "fill-primary/70", "fill-primary/45", "fill-primary/25", "fill-muted-foreground/60"];
const MARKS = ["bg-primary", "bg-primary/70", "bg-primary/45", "bg-primary/25", "bg-muted-foreground/60"];

/** A chart of the days, and the same and more as a table. */
export function Days({ report }: { report: OverviewReport }) {
  const kinds = measures(report.total.costs.total_micro_usd !== null, report.billing);
  const [chosen, setMeasure] = useState<Measure>("pictures");
  const kind = kinds.find(({ value }) => value === chosen) ?? kinds[0];
  if (!kind) return null;
  const { days } = report;
  return (
    <Card id="days" title={t("{name} by day", { name: tName(kind.label) })}>
      {days.length > 1 && (
        <>
          <div className="overflow-x-auto">
            <div className="min-w-max">
              <Choice
                legend={t("What the chart shows")}
                items={tItems(kinds)}
                value={kind.value}
                onChange={setMeasure}
              />
            </div>
          </div>
          <DayChart
            label={t("{name} by day, the same as in the table below", { name: tName(kind.label) })}
            dates={days.map(({ date }) => date)}
            lastName={t("Today")}
            series={seriesOf(kind.value, kind.label, days)}
            format={kind.format}
            isCount={kind.isCount}
          />
        </>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: wider than a phone, and scrolled by keys */}
      <section className="-mx-2 overflow-x-auto px-2" aria-label={t("Table by day")} tabIndex={0}>
        <Table
          caption={t("By day")}
          columns={columns(report)}
          rows={days.toReversed()}
          keyOf={({ date }) => date}
          {...TABLE}
          rowClassName="[&>*]:whitespace-nowrap [&>*]:py-2 [&>*+*]:pl-5"
          headClassName="border-b [&_th]:whitespace-nowrap [&_th]:pb-2 [&_th+th]:pl-5"
        />
      </section>
    </Card>
  );
}

function seriesOf(measure: Measure, name: string, days: readonly OverviewDay[]): Series[] {
  const one = (value: (day: OverviewDay) => number): Series[] => [
    { name: tName(name), values: days.map(value), className: "fill-primary" },
  ];
  switch (measure) {
    case "pictures":
      return one((day) => day.pictures);
    case "generations":
      return one((day) => day.generations);
    case "users":
      return [
        { ...part("Came back", 0), values: days.map((day) => day.returning_users) },
        { ...part("New", 2), values: days.map((day) => day.users - day.returning_users) },
      ];
    case "wait":
      return one((day) => day.wait_p95_s ?? 0);
    case "gpu":
      return one((day) => day.gpu_s);
    case "revenue":
      return one((day) => Math.max(0, day.revenue_micro_usd));
    case "cost":
      return COST_PARTS.map(({ part: of, name: called }, at) => ({
        ...part(called, at),
        values: days.map((day) => partOf(day, of) ?? 0),
      }));
  }
}

function part(name: string, at: number): Pick<Series, "name" | "className" | "markClassName"> {
  return { name: tName(name), className: FILLS[at] ?? "", markClassName: MARKS[at] ?? "" };
}

function columns({ billing, total }: OverviewReport): Column<OverviewDay>[] {
  const count = (name: string, of: (day: OverviewDay) => number): Column<OverviewDay> => ({
    name,
    cell: (day) => tNumber(of(day)),
    isRight: true,
  });
  const all: (Column<OverviewDay> | false)[] = [
    { name: "Day", cell: ({ date }) => shortDate(date), isRowName: true },
    count("Generations", (day) => day.generations),
    count("Pictures", (day) => day.pictures),
    count("Failed", (day) => day.pictures_failed),
    count("Blocked", (day) => day.pictures_blocked),
    count("Users", (day) => day.users),
    { name: "Wait, half", cell: ({ wait_p50_s }) => seconds(wait_p50_s), isRight: true },
    { name: "Wait, 95%", cell: ({ wait_p95_s }) => seconds(wait_p95_s), isRight: true },
    { name: "GPU time", cell: ({ gpu_s }) => seconds(gpu_s), isRight: true },
    { name: "GPU busy", cell: ({ gpu_busy_share }) => share(gpu_busy_share), isRight: true },
    total.costs.total_micro_usd !== null && {
      name: "Cost",
      cell: ({ costs }) => costOf(costs.total_micro_usd),
      isRight: true,
    },
    billing && { name: "Revenue", cell: ({ revenue_micro_usd }) => dollars(revenue_micro_usd), isRight: true },
  ];
  return all.filter((each) => each !== false);
}
