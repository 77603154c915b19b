import { Popover as Radix } from "radix-ui";
import type { ReactNode, RefObject } from "react";
import { cn } from "@/lib/cn";

interface PopoverPanelProps {
  label: string;
  /** The button that opened it: the panel is placed next to it and returns the focus to it. */
  trigger: RefObject<HTMLElement | null>;
  onClose: () => void;
  /** For cards next to each other. */
  isWide?: boolean;
  children: ReactNode;
}

/** An open panel next to its trigger. It is mounted when it opens, so that its code need not come with the page. */
export default function PopoverPanel({ label, trigger, onClose, isWide = false, children }: PopoverPanelProps) {
  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Anchor virtualRef={trigger as RefObject<HTMLElement>} />
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align="start"
          sideOffset={8}
          collisionPadding={12}
          onInteractOutside={(event) => {
            // the trigger closes it; closing it here first would make that click open it again
            if (trigger.current?.contains(event.target as Node)) event.preventDefault();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            trigger.current?.focus();
          }}
          className={cn(
            isWide ? "w-[38rem]" : "w-80",
            "fade-in-0 zoom-in-95 z-[900] max-h-[var(--radix-popover-content-available-height)] max-w-[calc(100vw-1.5rem)] animate-in overflow-y-auto rounded-2xl border bg-popover p-3 text-popover-foreground shadow-black/10 shadow-xl",
          )}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
