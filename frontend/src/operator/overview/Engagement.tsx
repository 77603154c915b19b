"use client";
import { useState } from "react";
import type { OverviewFailure, OverviewLora, OverviewReport } from "@/api/types";
import { Choice } from "@/components/form/Choice";
import { type Column, Table } from "@/components/ui/table";
import { t, tItems, tNumber } from "@/i18n/t";
import { Card, TABLE } from "./Card";
import { share } from "./figures";

const MAX_SHOWN = 10;
const KINDS = [
  { value: "loras", label: "LoRAs" },
  { value: "versions", label: "Versions" },
] as const;

const LORA_COLUMNS: readonly Column<OverviewLora>[] = [
  {
    name: "LoRA",
    cell: ({ name, version }) => (version === null ? name : `${name}-v${version}`),
    isRowName: true,
    className: "break-all pr-3",
  },
  { name: "Pictures", cell: ({ pictures }) => tNumber(pictures), isRight: true },
  { name: "Favorites", cell: ({ favorites }) => tNumber(favorites), isRight: true },
  { name: "A picture", cell: ({ favorites_per_picture }) => share(favorites_per_picture), isRight: true },
];

const FAILURE_COLUMNS: readonly Column<OverviewFailure>[] = [
  { name: "Reason", cell: ({ code }) => code.replaceAll("_", " "), isRowName: true },
  { name: "Generations", cell: ({ generations }) => tNumber(generations), isRight: true },
  { name: "Pictures", cell: ({ pictures }) => tNumber(pictures), isRight: true },
];

/** What people did with the pictures of the period, which LoRAs they like, what failed. */
export function Engagement({ report }: { report: OverviewReport }) {
  const [kind, setKind] = useState<"loras" | "versions">("loras");
  const { total, failures } = report;
  const shares = [
    ["Downloaded", total.downloaded_share],
    ["Favorites", total.favorite_share],
    ["Made again", total.made_again_share],
    ["Varied, enlarged or edited", total.varied_share],
  ] as const;
  const shown = report[kind].slice(0, MAX_SHOWN);
  return (
    <div className="grid items-start gap-5 lg:grid-cols-2">
      <Card id="engagement" title={t("Pictures that people used")}>
        <dl className="space-y-3 text-sm">
          {shares.map(([name, value]) => (
            <div key={name} className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-1.5">
              <dt>{t(name)}</dt>
              <dd className="tabular-nums">{share(value)}</dd>
              <dd aria-hidden className="col-span-2 h-2 overflow-hidden rounded-full bg-muted forced-colors:border">
                <span
                  className="block h-full rounded-full bg-primary forced-colors:bg-[Highlight]"
                  style={{ width: `${100 * Math.min(1, value ?? 0)}%` }}
                />
              </dd>
            </div>
          ))}
        </dl>
      </Card>
      <Card
        id="liked"
        title={t("Favorites by LoRA")}
        action={
          <div className="w-48">
            <Choice legend={t("LoRAs or versions")} items={tItems(KINDS)} value={kind} onChange={setKind} />
          </div>
        }
      >
        {shown.length === 0 ? (
          <p className="text-muted-foreground text-sm">{t("No picture was made with a LoRA.")}</p>
        ) : (
          <Table
            caption={t("Favorites by LoRA")}
            columns={LORA_COLUMNS}
            rows={shown}
            keyOf={({ name, version }) => `${name}/${version}`}
            {...TABLE}
          />
        )}
      </Card>
      <Card id="failures" title={t("Failures")}>
        {failures.length === 0 ? (
          <p className="text-muted-foreground text-sm">{t("No generation failed.")}</p>
        ) : (
          <Table
            caption={t("Failures by reason")}
            columns={FAILURE_COLUMNS}
            rows={failures}
            keyOf={({ code }) => code}
            {...TABLE}
          />
        )}
      </Card>
    </div>
  );
}
