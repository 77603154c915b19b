import type { ReactNode } from "react";
import { tName } from "@/i18n/t";
import { cn } from "@/lib/cn";

export interface Column<Row> {
  /** Its heading. */
  name: string;
  cell: (row: Row) => ReactNode;
  /** Next to its heading. */
  mark?: ReactNode;
  isRight?: boolean;
  /** True if its cells name their rows. */
  isRowName?: boolean;
  /** Of its cells, the heading excluded. */
  className?: string;
}

interface TableProps<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** For screen readers. */
  caption: string;
  className?: string;
  headClassName?: string;
  bodyClassName?: string;
  rowClassName?: string;
}

/** Rows under column headings. */
export function Table<Row>(props: TableProps<Row>) {
  const { columns, rows, keyOf, caption } = props;
  return (
    <table className={cn("text-sm tabular-nums", props.className)}>
      <caption className="sr-only">{caption}</caption>
      <thead className={cn("text-muted-foreground text-xs", props.headClassName)}>
        <tr>
          {columns.map(({ name, mark, isRight }) => (
            <th key={name} scope="col" className={cn("font-medium", isRight ? "text-right" : "text-left")}>
              {tName(name)}
              {mark}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className={props.bodyClassName}>
        {rows.map((row) => (
          <tr key={keyOf(row)} className={props.rowClassName}>
            {columns.map(({ name, cell, isRight, isRowName, className }) => {
              const look = cn(isRight ? "text-right" : "text-left", isRowName && "font-normal", className);
              return isRowName ? (
                <th key={name} scope="row" className={look}>
                  {cell(row)}
                </th>
              ) : (
                <td key={name} className={look}>
                  {cell(row)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
