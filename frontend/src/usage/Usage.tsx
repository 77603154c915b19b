"use client";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { withWayBack } from "@/address/way-back";
import { answer, api } from "@/api/client";
import { useMe } from "@/api/session";
import type { Usage as UsageAnswer } from "@/api/types";
import { DayChart } from "@/components/DayChart";
import { Choice } from "@/components/form/Choice";
import { Link } from "@/components/Link";
import { Shell } from "@/components/Shell";
import { buttonLook } from "@/components/ui/button";
import { t, tItems, tName } from "@/i18n/t";
import { DayTable } from "./DayTable";
import { everyDay, type Measure, measured, type UsageDay } from "./days";
import { Limits } from "./Limits";

const NUM_DAYS = 30;
const MEASURES: readonly { value: Measure; label: string }[] = [
  { value: "generations", label: "Generations" },
  { value: "pictures", label: "Pictures" },
  { value: "gpu_s", label: "Compute time" },
];

export function Usage() {
  const { data: usage, failureReason } = useQuery({
    queryKey: ["usage"],
    queryFn: ({ signal }) => answer(api.GET("/api/usage", { params: { query: { days: NUM_DAYS } }, signal })),
  });
  return (
    <Shell
      title={t("Usage")}
      note={t("Last {count} days, including API keys and cancelled generations. Days are in UTC.", { count: NUM_DAYS })}
    >
      {usage ? (
        <Loaded usage={usage} />
      ) : (
        <p role="status" className="min-h-64 text-muted-foreground text-sm">
          {failureReason ? failureReason.message : ""}
        </p>
      )}
    </Shell>
  );
}

function Loaded({ usage }: { usage: UsageAnswer }) {
  const [measure, setMeasure] = useState<Measure>("pictures");
  const me = useMe().data;
  const name = tName(MEASURES.find(({ value }) => value === measure)?.label ?? "");
  return (
    <div className="space-y-6">
      <dl className="grid grid-cols-3 gap-3">
        {MEASURES.map(({ value, label }) => (
          <div key={value} className="rounded-2xl border bg-card px-4 py-3 sm:px-5 sm:py-4">
            <dt className="text-muted-foreground text-xs sm:text-sm">{tName(label)}</dt>
            <dd className="font-semibold text-xl tabular-nums tracking-tight sm:text-3xl">
              {measured(usage.total[value], value)}
            </dd>
          </div>
        ))}
      </dl>
      {usage.limits && <Limits left={usage.limits} />}
      {me && !me.user && me.registration !== "closed" && (
        <p className="flex flex-wrap items-center justify-between gap-3 rounded-2xl bg-accent px-5 py-4 text-accent-foreground text-sm">
          {t(
            "You are not logged in: this is counted by your address. Your pictures move to an account when you make one.",
          )}
          <Link className={buttonLook({ size: "sm" })} href={() => withWayBack("/register/")}>
            {t("Register")}
          </Link>
        </p>
      )}
      <section aria-labelledby="by-day" className="space-y-5 rounded-2xl border bg-card p-5 sm:p-6">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h2 id="by-day" className="font-semibold text-base">
            {t("{name} by day", { name })}
          </h2>
          <div className="w-full sm:w-80">
            <Choice legend={t("What is counted")} items={tItems(MEASURES)} value={measure} onChange={setMeasure} />
          </div>
        </div>
        {usage.days.length > 1 && (
          <Chart days={everyDay(usage.days, NUM_DAYS, Date.now())} measure={measure} name={name} />
        )}
        <DayTable days={usage.days} />
      </section>
    </div>
  );
}

function Chart({ days, measure, name }: { days: readonly UsageDay[]; measure: Measure; name: string }) {
  return (
    <DayChart
      label={t("{name} by day, the same as in the table below", { name })}
      dates={days.map(({ date }) => date)}
      lastName={t("Today")}
      series={[{ name, values: days.map((day) => day[measure]), className: "fill-primary" }]}
      format={(value) => measured(value, measure)}
      isCount={measure !== "gpu_s"}
    />
  );
}
