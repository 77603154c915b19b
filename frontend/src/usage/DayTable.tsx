import { type Column, Table } from "@/components/ui/table";
import { t } from "@/i18n/t";
import { shortDate } from "@/lib/words/short-date";
import { measured, type UsageDay } from "./days";

const COLUMNS: readonly Column<UsageDay>[] = [
  { name: "Day", cell: ({ date }) => shortDate(date), isRowName: true },
  { name: "Generations", cell: ({ generations }) => measured(generations, "generations"), isRight: true },
  { name: "Pictures", cell: ({ pictures }) => measured(pictures, "pictures"), isRight: true },
  { name: "Compute time", cell: ({ gpu_s }) => measured(gpu_s, "gpu_s"), isRight: true },
];

/** The days with use, newest first. */
export function DayTable({ days }: { days: readonly UsageDay[] }) {
  if (days.length === 0) {
    return <p className="text-muted-foreground text-sm">{t("Nothing was made in these days.")}</p>;
  }
  return (
    <Table
      caption={t("Use by day")}
      columns={COLUMNS}
      rows={days}
      keyOf={({ date }) => date}
      className="w-full"
      headClassName="border-b [&_th]:pb-2"
      bodyClassName="divide-y"
      rowClassName="[&>*]:py-2"
    />
  );
}
