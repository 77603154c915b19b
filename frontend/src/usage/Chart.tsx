"use client";
import { ceiling, type Measure, measured, shortDate, type UsageDay } from "./days";

interface ChartProps {
  /** Oldest first. */
  days: readonly UsageDay[];
  measure: Measure;
  name: string;
}

const LABEL_EVERY = 7;

/** A bar a day. What it shows stands in the table below it too. */
export function Chart({ days, measure, name }: ChartProps) {
  const top = ceiling(Math.max(...days.map((day) => day[measure])));
  return (
    <div role="img" aria-label={`${name} by day, the same as in the table below`} className="flex gap-3 text-xs">
      <div className="flex h-44 flex-col justify-between text-right text-muted-foreground tabular-nums">
        {[top, top / 2, 0].map((value) => (
          <span key={value} className="-my-2 h-4">
            {Number.isInteger(value) || measure === "gpu_s" ? measured(value, measure) : ""}
          </span>
        ))}
      </div>
      <div className="min-w-0 flex-1">
        <div className="relative flex h-44 items-end gap-[3px]">
          {[0, 50, 100].map((percent) => (
            <span key={percent} className="absolute inset-x-0 border-t" style={{ bottom: `${percent}%` }} />
          ))}
          {days.map((day) => (
            <span
              key={day.date}
              title={`${shortDate(day.date)}: ${measured(day[measure], measure)}`}
              className="group relative flex h-full flex-1 items-end"
            >
              <span
                className="w-full rounded-t-[3px] bg-primary transition-opacity group-hover:opacity-75 forced-colors:bg-[CanvasText]"
                style={{ height: `${(100 * day[measure]) / top}%`, minHeight: day[measure] > 0 ? 2 : 0 }}
              />
            </span>
          ))}
        </div>
        <div className="mt-2 flex text-muted-foreground">
          {days.map((day, at) => (
            <span key={day.date} className="relative h-4 flex-1">
              {(days.length - 1 - at) % LABEL_EVERY === 0 && (
                <span className="absolute right-0 whitespace-nowrap">
                  {at === days.length - 1 ? "Today" : shortDate(day.date)}
                </span>
              )}
            </span>
          ))}
        </div>
      </div>
    </div>
  );
}
