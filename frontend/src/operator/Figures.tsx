import type { ReactNode } from "react";

export function Figures({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">{children}</dl>;
}

/** One number with its name above and what it counts below. */
export function Figure({ name, value, note }: { name: string; value: string; note: string }) {
  return (
    <div className="rounded-2xl border bg-card px-5 py-4">
      <dt className="text-muted-foreground text-xs">{name}</dt>
      <dd className="pt-1 font-semibold text-2xl tabular-nums tracking-tight">
        {value}
        <span className="block font-normal text-muted-foreground text-xs tracking-normal">{note}</span>
      </dd>
    </div>
  );
}
