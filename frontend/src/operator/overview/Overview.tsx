"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { DownloadIcon } from "lucide-react";
import { useState } from "react";
import { API_URL, answer, api } from "@/api/client";
import type { OverviewReport } from "@/api/types";
import { Choice } from "@/components/form/Choice";
import { buttonLook } from "@/components/ui/button";
import { t, tItems, tNumber } from "@/i18n/t";
import { errorText } from "@/lib/words/error-text";
import { dollars } from "@/lib/words/money";
import { Figure, Figures } from "../Figures";
import { Costs } from "./Costs";
import { Days } from "./Days";
import { Engagement } from "./Engagement";
import { costOf, firstDay, type Period, seconds, share } from "./figures";

const EVERY_MS = 30_000;
const PERIODS: readonly { value: Period; label: string }[] = [
  { value: "1", label: "Today" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
];

/** Work, use and costs of today or of the last days; loaded again every half minute while it is shown. */
export default function Overview() {
  const [period, setPeriod] = useState<Period>("7");
  const from = firstDay(Number(period), Date.now());
  const { data, failureReason } = useQuery({
    queryKey: ["operator", "overview", from],
    queryFn: ({ signal }) => answer(api.GET("/api/operator/overview", { params: { query: { from } }, signal })),
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
  });
  return (
    <section aria-labelledby="overview" className="space-y-5">
      <h2 id="overview" className="sr-only">
        {t("Overview")}
      </h2>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="w-full sm:w-72">
          <Choice legend={t("Period")} items={tItems(PERIODS)} value={period} onChange={setPeriod} />
        </div>
        <a
          href={`${API_URL}/api/operator/overview.csv?from=${from}`}
          className={buttonLook({ variant: "outline", size: "sm" })}
        >
          <DownloadIcon aria-hidden className="size-4" />
          {t("Download as CSV")}
        </a>
      </div>
      {failureReason && (
        <p role="alert" className="text-destructive text-sm">
          {errorText(failureReason)} {data && t("The figures below are from before.")}
        </p>
      )}
      {data ? <Loaded report={data} /> : <div className="min-h-96" />}
    </section>
  );
}

function Loaded({ report }: { report: OverviewReport }) {
  const { total, billing } = report;
  const isCostKnown = total.costs.total_micro_usd !== null;
  const isUsed = total.generations > 0 || total.pictures > 0;
  return (
    <>
      <Figures>
        <Figure name={t("Generations")} value={tNumber(total.generations)} note={t("accepted")} />
        <Figure name={t("Pictures")} value={tNumber(total.pictures)} note={unmade(report)} />
        <Figure
          name={t("Users")}
          value={tNumber(total.users)}
          note={t("{count} came back", { count: total.returning_users })}
        />
        <Figure
          name={t("Wait for the first step")}
          value={seconds(total.wait_p50_s)}
          note={
            total.wait_p95_s === null
              ? t("no picture yet")
              : t("95% within {time}", { time: seconds(total.wait_p95_s) })
          }
        />
        <Figure name={t("GPU time")} value={seconds(total.gpu_s_per_picture)} note={t("for a picture")} />
        <Figure
          name={t("GPU busy")}
          value={share(total.gpu_busy_share)}
          note={t("of {time} running", { time: seconds(total.worker_s) })}
        />
        <Figure
          name={t("Cost")}
          value={isCostKnown ? costOf(total.costs.per_picture_micro_usd, "–") : t("unknown")}
          note={
            isCostKnown
              ? t("a picture; {amount} in all", { amount: costOf(total.costs.total_micro_usd) })
              : t("a picture")
          }
        />
        {billing ? (
          <Figure
            name={t("Revenue")}
            value={dollars(total.revenue_micro_usd)}
            note={t("{amount} sold", { amount: dollars(total.sold_micro_usd) })}
          />
        ) : (
          <Figure
            name={t("Cost")}
            value={isCostKnown ? costOf(total.costs.per_generation_micro_usd, "–") : t("unknown")}
            note={t("a generation")}
          />
        )}
      </Figures>
      <Gpus report={report} />
      {isUsed ? (
        <Days report={report} />
      ) : (
        <p className="rounded-3xl border border-dashed px-6 py-12 text-center text-muted-foreground text-sm">
          {t("Nothing was made in these days.")}
        </p>
      )}
      <Costs report={report} />
      {isUsed && <Engagement report={report} />}
    </>
  );
}

function unmade({ total }: OverviewReport): string {
  const parts = [
    total.pictures_failed > 0 && t("{count} failed", { count: total.pictures_failed }),
    total.pictures_blocked > 0 && t("{count} blocked", { count: total.pictures_blocked }),
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : t("stored, none failed");
}

/** The GPUs of the server's machine now. */
function Gpus({ report }: { report: OverviewReport }) {
  return (
    <div className="rounded-2xl border bg-card px-5 py-4 text-sm">
      {report.gpus.length === 0 ? (
        <p className="text-muted-foreground">
          {t("No figures of a GPU: this process has no NVIDIA driver, or nvidia-ml-py is not installed.")}
        </p>
      ) : (
        <ul className="flex flex-wrap gap-x-8 gap-y-2">
          {report.gpus.map((gpu) => (
            <li key={gpu.index}>
              <span className="font-medium">GPU {gpu.index}</span>{" "}
              <span className="text-muted-foreground tabular-nums">
                {t("{share} busy now, {used} of {all} in use", {
                  share: share(gpu.use),
                  used: gigabytes(gpu.memory_used_bytes),
                  all: gigabytes(gpu.memory_total_bytes),
                })}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function gigabytes(bytes: number): string {
  return `${tNumber(bytes / 1e9, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} GB`;
}
