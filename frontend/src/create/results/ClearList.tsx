"use client";
import { useRef } from "react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogClose, DialogPanel, DialogTrigger } from "@/components/ui/dialog";
import { t } from "@/i18n/t";

/** Takes the ended jobs off the list, after a question. */
export function ClearList({ onClear }: { onClear: () => void }) {
  const trigger = useRef<HTMLButtonElement>(null);
  const focusAfter = useRef<HTMLElement>(null);

  function clear() {
    focusAfter.current = document.querySelector('textarea[aria-label="Prompt"]'); // this button goes with the list
    onClear();
  }

  return (
    <Dialog onOpenChange={() => (focusAfter.current = trigger.current)}>
      <DialogTrigger asChild>
        <Button ref={trigger} variant="ghost" size="sm" className="-mr-3 text-muted-foreground">
          {t("Clear")}
        </Button>
      </DialogTrigger>
      <DialogPanel
        returnFocus={focusAfter}
        title={t("Clear this list?")}
        description={t("Finished jobs leave this list. Your pictures stay in History.")}
      >
        <div className="flex justify-end gap-2 pt-2">
          <DialogClose asChild>
            <Button variant="ghost">{t("Keep them")}</Button>
          </DialogClose>
          <DialogClose asChild>
            <Button variant="destructive" onClick={clear}>
              {t("Clear the list")}
            </Button>
          </DialogClose>
        </div>
      </DialogPanel>
    </Dialog>
  );
}
