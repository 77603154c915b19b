"use client";
import { type ReactNode, useId } from "react";
import { cn } from "@/lib/cn";

interface Item<T extends string> {
  value: T;
  label: ReactNode;
  /** A second, quieter line. */
  note?: ReactNode;
  disabled?: boolean;
  /** A button at the end of its line. */
  action?: ReactNode;
}

interface ChoiceProps<T extends string> {
  legend: string;
  items: readonly Item<T>[];
  value: T;
  onChange: (value: T) => void;
  /** `row`: equal segments side by side. `list`: one below the other, with room for notes. `cards`: a list in two columns
   * where there is room. */
  layout?: "row" | "list" | "cards";
}

const LAYOUTS = {
  row: "flex gap-1 rounded-xl bg-muted p-1",
  list: "flex flex-col gap-0.5",
  cards: "grid gap-0.5 sm:grid-cols-2",
};

/** One of several: native radio buttons, so that arrow keys and screen readers work as everywhere. */
export function Choice<T extends string>({ legend, items, value, onChange, layout = "row" }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset className={LAYOUTS[layout]}>
      <legend className="sr-only">{legend}</legend>
      {items.map((item) => (
        <Line key={item.value} action={item.action}>
          <label
            className={cn(
              "relative block cursor-pointer text-sm forced-colors:has-[:checked]:outline-2 forced-colors:has-[:checked]:outline-[Highlight] has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-ring has-[:disabled]:cursor-not-allowed",
              layout === "row"
                ? "flex min-h-8 pointer-coarse:min-h-11 flex-1 items-center justify-center rounded-lg px-2 text-center text-muted-foreground has-[:checked]:bg-card has-[:checked]:font-medium has-[:checked]:text-foreground has-[:checked]:shadow-sm"
                : "rounded-xl px-3 py-2 hover:bg-muted has-[:checked]:bg-accent has-[:checked]:text-accent-foreground",
            )}
          >
            <input
              type="radio"
              className="absolute inset-0 cursor-[inherit] appearance-none rounded-[inherit] outline-none"
              name={name}
              value={item.value}
              checked={item.value === value}
              disabled={item.disabled}
              onChange={() => onChange(item.value)}
            />
            <span className="pointer-events-none relative flex flex-col">
              <span className={layout === "row" ? undefined : "font-medium"}>{item.label}</span>
              {item.note && <span className="text-muted-foreground text-xs leading-relaxed">{item.note}</span>}
            </span>
          </label>
        </Line>
      ))}
    </fieldset>
  );
}

/** The action is next to the label, not inside it: a click on it does not choose the item. */
function Line({ action, children }: { action: ReactNode; children: ReactNode }) {
  if (!action) return children;
  return (
    <div className="relative [&:has(>div>button)>label]:pr-11 [&:has(>div>button+button)>label]:pr-20">
      {children}
      <div className="absolute top-1.5 right-1.5 flex">{action}</div>
    </div>
  );
}
