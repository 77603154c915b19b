"use client";
import { useRef } from "react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogClose, DialogPanel, DialogTrigger } from "@/components/ui/dialog";
import { useJobs } from "@/jobs/store";

/** Forgets the ended jobs, after asking. */
export function ClearList() {
  const clearEnded = useJobs((store) => store.clearEnded);
  const trigger = useRef<HTMLButtonElement>(null);
  const focusAfter = useRef<HTMLElement>(null);

  function clear() {
    focusAfter.current = document.querySelector('textarea[aria-label="Prompt"]'); // this button goes with the list
    clearEnded();
  }

  return (
    <Dialog onOpenChange={() => (focusAfter.current = trigger.current)}>
      <DialogTrigger asChild>
        <Button ref={trigger} variant="ghost" size="sm" className="-mr-3 text-muted-foreground">
          Clear
        </Button>
      </DialogTrigger>
      <DialogPanel
        opener={focusAfter}
        title="Clear this list?"
        description="This browser forgets its finished jobs. The pictures stay on the server, but only their addresses lead to them."
      >
        <div className="flex justify-end gap-2 pt-2">
          <DialogClose asChild>
            <Button variant="ghost">Keep them</Button>
          </DialogClose>
          <DialogClose asChild>
            <Button variant="destructive" onClick={clear}>
              Clear the list
            </Button>
          </DialogClose>
        </div>
      </DialogPanel>
    </Dialog>
  );
}
