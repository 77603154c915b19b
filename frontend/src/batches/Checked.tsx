"use client";
import { useMemo, useState } from "react";
import type { AcceptedBatch } from "@/api/types";
import { Choice } from "@/components/form/Choice";
import { Table } from "@/components/ui/table";
import { t, tCount } from "@/i18n/t";
import { dollars } from "@/lib/words/money";
import { aboutTime, pictures } from "@/lib/words/quantities";
import { fieldLabel } from "@/settings/settings";

const MAX_ROWS = 200;

interface Row {
  readonly line: number;
  readonly prompt: string;
  readonly wrong: readonly string[];
}

/** The lines with what is wrong with them; where any is wrong, only those are listed at first. */
export function Checked({ checked }: { checked: AcceptedBatch }) {
  const rows = useMemo(() => rowsOf(checked), [checked]);
  const wrong = rows.filter((row) => row.wrong.length > 0);
  const [shown, setShown] = useState<"wrong" | "all">(wrong.length > 0 ? "wrong" : "all");
  const listed = (shown === "wrong" ? wrong : rows).slice(0, MAX_ROWS);
  const hidden = (shown === "wrong" ? wrong : rows).length - listed.length;
  return (
    <section aria-label={t("Lines")} className="space-y-4 rounded-2xl border bg-card p-5">
      <div role="status" className="space-y-1 text-sm">
        <p className="font-medium">{sumWords(checked, wrong.length)}</p>
        {checked.warnings.map((warning) => (
          <p key={warning} className="text-muted-foreground">
            {warning}.
          </p>
        ))}
      </div>
      {wrong.length > 0 && wrong.length < rows.length && (
        <Choice
          legend={t("Lines that are listed")}
          items={[
            { value: "wrong", label: t("Wrong ({count})", { count: wrong.length }) },
            { value: "all", label: t("All ({count})", { count: rows.length }) },
          ]}
          value={shown}
          onChange={setShown}
        />
      )}
      <Table
        caption={t("Lines of the batch")}
        rows={listed}
        keyOf={({ line }) => String(line)}
        className="w-full table-fixed"
        headClassName="border-b [&_th]:pb-2 [&_th:first-child]:w-12"
        bodyClassName="divide-y"
        rowClassName="[&>*]:py-2 align-top"
        columns={[
          { name: "Line", cell: ({ line }) => line, isRowName: true, className: "text-muted-foreground" },
          {
            name: "Prompt",
            className: "break-words",
            cell: ({ prompt, wrong: reasons }) => (
              <>
                {prompt}
                {reasons.map((reason) => (
                  <span key={reason} className="block text-destructive text-xs">
                    {reason}
                  </span>
                ))}
              </>
            ),
          },
        ]}
      />
      {hidden > 0 && <p className="text-muted-foreground text-xs">{t("And {count} more.", { count: hidden })}</p>}
    </section>
  );
}

function sumWords(checked: AcceptedBatch, numWrong: number): string {
  if (checked.lines_accepted === 0) return t("No line can be made.");
  const price = checked.price_micro_usd === null ? "" : `, ${dollars(checked.price_micro_usd)}`;
  const values = { pictures: pictures(checked.images_total), time: aboutTime(checked.estimated_time) };
  const made = `${t("{pictures} in {time}", values)}${price}`;
  const left = tCount(numWrong, "1 line is wrong and is left out", "{count} lines are wrong and are left out");
  return numWrong > 0 ? `${made}; ${left}.` : `${made}.`;
}

function rowsOf({ lines, errors }: AcceptedBatch): Row[] {
  const wrong = new Map<number, string[]>();
  for (const { line, field, detail, allowed } of errors) {
    const reasons = wrong.get(line ?? 0) ?? [];
    reasons.push(`${fieldLabel(field)}: ${detail}${allowed ? `. ${t("Allowed: {what}", { what: allowed })}` : ""}.`);
    wrong.set(line ?? 0, reasons);
  }
  return (lines ?? []).map(({ line, prompt }) => ({ line, prompt, wrong: wrong.get(line) ?? [] }));
}
