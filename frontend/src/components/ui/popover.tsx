import { Popover as Radix } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "@/components/cn";

export const Popover = Radix.Root;
export const PopoverTrigger = Radix.Trigger;
export const PopoverClose = Radix.Close;

export function PopoverPanel({ className, ...props }: ComponentProps<typeof Radix.Content>) {
  return (
    <Radix.Portal>
      <Radix.Content
        align="start"
        sideOffset={8}
        collisionPadding={12}
        className={cn(
          "data-[state=open]:fade-in-0 data-[state=open]:zoom-in-95 z-[900] max-h-[var(--radix-popover-content-available-height)] w-72 max-w-[calc(100vw-1.5rem)] overflow-y-auto rounded-2xl border bg-popover p-3 text-popover-foreground shadow-black/10 shadow-xl data-[state=open]:animate-in",
          className,
        )}
        {...props}
      />
    </Radix.Portal>
  );
}
