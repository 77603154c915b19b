import { measured, shortDate, type UsageDay } from "./days";

/** The days with use, newest first. */
export function DayTable({ days }: { days: readonly UsageDay[] }) {
  if (days.length === 0) {
    return <p className="text-muted-foreground text-sm">Nothing was made in these days.</p>;
  }
  return (
    <table className="w-full text-sm tabular-nums">
      <thead>
        <tr className="border-b text-left text-muted-foreground text-xs [&>th]:pb-2 [&>th]:font-medium">
          <th scope="col">Day</th>
          <th scope="col" className="text-right">
            Generations
          </th>
          <th scope="col" className="text-right">
            Pictures
          </th>
          <th scope="col" className="text-right">
            GPU time
          </th>
        </tr>
      </thead>
      <tbody className="divide-y">
        {days.map((day) => (
          <tr key={day.date} className="[&>*]:py-2">
            <th scope="row" className="text-left font-normal">
              {shortDate(day.date)}
            </th>
            <td className="text-right">{measured(day.generations, "generations")}</td>
            <td className="text-right">{measured(day.pictures, "pictures")}</td>
            <td className="text-right">{measured(day.gpu_s, "gpu_s")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
