import { XIcon } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode, RefObject } from "react";
import { t } from "@/i18n/t";
import { cn } from "@/lib/cn";
import { Button } from "./button";

export const Dialog = Radix.Root;
export const DialogTrigger = Radix.Trigger;
export const DialogClose = Radix.Close;

interface PanelProps {
  title: string;
  /** One sentence under the title. */
  description?: string;
  children: ReactNode;
  className?: string;
  /** `side`: a drawer at the right (from below on a phone). `center`: in the middle. */
  place?: "center" | "side";
  /** Receives the focus after closing, where there is no DialogTrigger. */
  returnFocus?: RefObject<HTMLElement | null>;
}

const PLACES = {
  center:
    "left-1/2 top-1/2 w-[min(92vw,28rem)] -translate-x-1/2 -translate-y-1/2 rounded-2xl border data-[state=open]:zoom-in-95",
  side: "inset-x-0 bottom-0 max-h-[88dvh] rounded-t-2xl border-t data-[state=open]:slide-in-from-bottom-8 sm:inset-x-auto sm:inset-y-0 sm:right-0 sm:max-h-none sm:w-[24rem] sm:rounded-none sm:border-t-0 sm:border-l sm:data-[state=open]:slide-in-from-right-8 sm:data-[state=open]:slide-in-from-bottom-0",
};

export function DialogPanel({ title, description, children, className, place = "center", returnFocus }: PanelProps) {
  return (
    <Radix.Portal>
      <Radix.Overlay className="data-[state=open]:fade-in-0 fixed inset-0 z-[1000] bg-scrim data-[state=open]:animate-in" />
      <Radix.Content
        aria-describedby={description ? undefined : ""}
        onCloseAutoFocus={(event) => {
          if (!returnFocus) return;
          event.preventDefault();
          returnFocus.current?.focus();
        }}
        className={cn(
          "data-[state=open]:fade-in-0 fixed z-[1001] flex flex-col bg-popover text-popover-foreground duration-200 data-[state=open]:animate-in",
          PLACES[place],
          className,
        )}
      >
        <header className="flex items-start justify-between gap-4 px-5 pt-5 pb-3">
          <div className="space-y-1">
            <Radix.Title className="font-semibold text-base">{title}</Radix.Title>
            {description && (
              <Radix.Description className="text-muted-foreground text-sm">{description}</Radix.Description>
            )}
          </div>
          <Radix.Close asChild>
            <Button variant="ghost" size="icon-sm" aria-label={t("Close")} className="-mt-1 -mr-2">
              <XIcon aria-hidden />
            </Button>
          </Radix.Close>
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-6">{children}</div>
      </Radix.Content>
    </Radix.Portal>
  );
}
