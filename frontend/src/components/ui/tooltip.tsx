import { Tooltip } from "radix-ui";
import type { ReactNode } from "react";

/** A label that shows on hover and focus. The child carries its own accessible name. */
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
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          side={side}
          sideOffset={6}
          className="fade-in-0 zoom-in-95 z-[1100] max-w-64 animate-in rounded-lg bg-foreground px-2.5 py-1.5 text-background text-xs"
        >
          {label}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

export function TipProvider({ children }: { children: ReactNode }) {
  return <Tooltip.Provider delayDuration={350}>{children}</Tooltip.Provider>;
}
