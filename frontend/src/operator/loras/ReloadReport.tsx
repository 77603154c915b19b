"use client";
import { XIcon } from "lucide-react";
import type { Reloaded } from "@/api/types";
import { Button } from "@/components/ui/button";
import { t, tName, tNumber } from "@/i18n/t";

/** What a reload has found, and what it could not use and why. */
export function ReloadReport({ report, onClose }: { report: Reloaded; onClose: () => void }) {
  const { added, updated, removed, unchanged, rejected, pending, elapsed_ms } = report;
  const changes = [
    ["Added", added],
    ["Updated", updated],
    ["Removed", removed],
  ] as const;
  const hasChanged = changes.some(([, labels]) => labels.length > 0);
  return (
    <section role="status" aria-label={t("Reload")} className="rounded-2xl border bg-card px-4 py-3 text-sm">
      <div className="flex items-start justify-between gap-3">
        <p>
          <span className="font-medium">{hasChanged ? t("The folder was reloaded") : t("Nothing has changed")}</span>
          <span className="text-muted-foreground">
            {" "}
            · {t("{count} unchanged", { count: unchanged.length })} · {tNumber(Math.round(elapsed_ms))} ms
          </span>
        </p>
        <Button
          variant="ghost"
          size="icon-sm"
          className="-my-1 -mr-2"
          aria-label={t("Close the report")}
          onClick={onClose}
        >
          <XIcon aria-hidden />
        </Button>
      </div>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 pt-1 empty:hidden">
        {changes.map(
          ([what, labels]) =>
            labels.length > 0 && (
              <div key={what} className="contents">
                <dt className="text-muted-foreground">{tName(what)}</dt>
                <dd>{labels.join(", ")}</dd>
              </div>
            ),
        )}
        {[
          ...rejected.map((each) => ({ what: "Cannot be used", ...each })),
          ...pending.map((each) => ({ what: "Not read yet", ...each })),
        ].map(({ what, file, reason }) => (
          <div key={`${what} ${file}`} className="contents">
            <dt className={what === "Cannot be used" ? "text-destructive" : "text-warning"}>{tName(what)}</dt>
            <dd className="min-w-0 break-words">
              {file}: <span className="text-muted-foreground">{reason}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
