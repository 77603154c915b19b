import { ceiling } from "@/lib/ceiling";
import { cn } from "@/lib/cn";
import { shortDate } from "@/lib/words/short-date";

export interface Series {
  name: string;
  /** A value a day. */
  values: readonly number[];
  /** Of its bars: `fill-…`. */
  className: string;
  /** Of its mark in the legend: `bg-…`. */
  markClassName?: string;
}

interface DayChartProps {
  /** What it shows, for screen readers. */
  label: string;
  /** In UTC, `2026-11-22`, oldest first; the last one is named so. */
  dates: readonly string[];
  lastName: string;
  /** Stacked, the first at the bottom. */
  series: readonly Series[];
  format: (value: number) => string;
  /** True if half a unit means nothing. */
  isCount?: boolean;
}

const LABEL_EVERY = 7;
const GRID = [0, 50, 100];

/** A bar a day, of one or more parts. What it shows stands in a table next to it too. */
export function DayChart({ label, dates, lastName, series, format, isCount }: DayChartProps) {
  const sums = dates.map((_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
  const top = ceiling(Math.max(0, ...sums));
  return (
    <figure className="space-y-3 text-xs">
      <div className="flex gap-3">
        <div aria-hidden className="flex h-44 flex-col justify-between text-right text-muted-foreground tabular-nums">
          {[top, top / 2, 0].map((value) => (
            <span key={value} className="-my-2 h-4 whitespace-nowrap">
              {Number.isInteger(value) || !isCount ? format(value) : ""}
            </span>
          ))}
        </div>
        <div className="min-w-0 flex-1">
          <svg
            role="img"
            aria-label={label}
            viewBox={`0 0 ${dates.length} 100`}
            preserveAspectRatio="none"
            className="block h-44 w-full"
          >
            {GRID.map((y) => (
              <line
                key={y}
                x1={0}
                x2={dates.length}
                y1={y}
                y2={y}
                vectorEffect="non-scaling-stroke"
                className="stroke-border"
              />
            ))}
            {dates.map((date, at) => (
              <g key={date}>
                <title>{`${shortDate(date)}: ${format(sums[at] ?? 0)}${parts(series, at, format)}`}</title>
                <rect x={at} y={0} width={1} height={100} fill="transparent" />
                <Bar series={series} at={at} top={top} />
              </g>
            ))}
          </svg>
          <div aria-hidden className="mt-2 flex text-muted-foreground">
            {dates.map((date, at) => (
              <span key={date} className="relative h-4 flex-1">
                {(dates.length - 1 - at) % LABEL_EVERY === 0 && (
                  <span className="absolute right-0 whitespace-nowrap">
                    {at === dates.length - 1 ? lastName : shortDate(date)}
                  </span>
                )}
              </span>
            ))}
          </div>
        </div>
      </div>
      {series.length > 1 && <Legend series={series} />}
    </figure>
  );
}

function Bar({ series, at, top }: { series: readonly Series[]; at: number; top: number }) {
  let below = 0;
  return series.map(({ name, values, className }) => {
    const height = (100 * (values[at] ?? 0)) / top;
    below += height;
    return (
      <rect
        key={name}
        x={at + 0.1}
        y={100 - below}
        width={0.8}
        height={height > 0 ? Math.max(height, 1) : 0}
        className={cn(className, "pointer-events-none forced-colors:fill-[CanvasText]")}
      />
    );
  });
}

function Legend({ series }: { series: readonly Series[] }) {
  return (
    <figcaption className="flex flex-wrap gap-x-4 gap-y-1 text-muted-foreground">
      {series.map(({ name, markClassName }) => (
        <span key={name} className="inline-flex items-center gap-1.5">
          <span aria-hidden className={cn("size-2.5 rounded-sm", markClassName)} />
          {name}
        </span>
      ))}
    </figcaption>
  );
}

/** ` (model 2, idle 3)` of several parts. */
function parts(series: readonly Series[], at: number, format: (value: number) => string): string {
  if (series.length < 2) return "";
  const named = series.filter(({ values }) => (values[at] ?? 0) > 0);
  return ` (${named.map(({ name, values }) => `${name} ${format(values[at] ?? 0)}`).join(", ")})`;
}
