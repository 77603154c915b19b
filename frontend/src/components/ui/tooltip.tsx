import type { ReactNode } from "react";

/** A label that shows on hover and focus, by CSS alone (globals.css). The child carries its own accessible name. */
export function Tip({
  label,
  children,
  side = "top",
  align = "center",
}: {
  label: string;
  children: ReactNode;
  side?: "top" | "bottom";
  /** `end`: it ends where its child ends, at the right edge of the window. */
  align?: "center" | "end";
}) {
  return (
    <span className="tip" data-label={label} data-side={side} data-align={align}>
      {children}
    </span>
  );
}
