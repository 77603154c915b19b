import type { ReactNode } from "react";

/** A label that shows on hover and focus, by CSS alone (globals.css). The child carries its own accessible name. */
export function Tip({
  label,
  children,
  side = "top",
}: {
  label: string;
  children: ReactNode;
  side?: "top" | "bottom";
}) {
  return (
    <span className="tip" data-label={label} data-side={side}>
      {children}
    </span>
  );
}
