import type { OverviewReport } from "@/api/types";
import { type Column, Table } from "@/components/ui/table";
import { t, tName } from "@/i18n/t";
import { Card, TABLE } from "./Card";
import { COST_PARTS, costOf, missingPrices, partOf } from "./figures";

interface Line {
  name: string;
  note: string;
  cost: number | null;
  each: number | null;
}

const COLUMNS: readonly Column<Line>[] = [
  {
    name: "Part",
    cell: ({ name, note }) => (
      <>
        {name} <span className="block text-muted-foreground text-xs">{note}</span>
      </>
    ),
    isRowName: true,
  },
  { name: "Cost", cell: ({ cost }) => costOf(cost), isRight: true },
  {
    name: "A picture",
    cell: ({ cost, each }) => (cost === null ? "" : each === null ? "–" : costOf(each)),
    isRight: true,
  },
];

/** What the period cost, by parts; which settings are missing. */
export function Costs({ report }: { report: OverviewReport }) {
  const { total } = report;
  const missing = missingPrices(total);
  const each = (cost: number | null) => (cost === null || total.pictures === 0 ? null : cost / total.pictures);
  const lines: Line[] = COST_PARTS.map(({ part, name, note }) => {
    const cost = partOf(total, part);
    return { name: tName(name), note: tName(note), cost, each: each(cost) };
  });
  const sum = total.costs.total_micro_usd;
  const all = [...lines, { name: t("Together"), note: t("of what is known"), cost: sum, each: each(sum) }];
  return (
    <Card id="costs" title={t("Costs")}>
      {sum !== null && (
        <Table caption={t("Costs by part")} columns={COLUMNS} rows={all} keyOf={({ name }) => name} {...TABLE} />
      )}
      {missing.length > 0 && (
        <p className="text-muted-foreground text-sm">
          {sum === null ? t("Costs are unknown.") : t("Not all costs are known.")} {t("Set what you pay:")}{" "}
          {missing.map((name, at) => (
            <span key={name}>
              {at > 0 && ", "}
              <code className="break-all text-xs">{name}</code>
            </span>
          ))}
          .
        </p>
      )}
    </Card>
  );
}
