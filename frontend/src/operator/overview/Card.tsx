import type { ReactNode } from "react";

/** A part of the overview under its heading. */
export function Card({
  id,
  title,
  action,
  children,
}: {
  id: string;
  title: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section aria-labelledby={id} className="min-w-0 space-y-4 rounded-2xl border bg-card p-5 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h3 id={id} className="font-semibold text-base">
          {title}
        </h3>
        {action}
      </div>
      {children}
    </section>
  );
}

/** Looks of a table in a card. */
export const TABLE = {
  className: "w-full",
  headClassName: "border-b [&_th]:pb-2 [&_th+th]:pl-4",
  bodyClassName: "divide-y",
  rowClassName: "[&>*]:py-2 [&>*+*]:pl-4",
} as const;
