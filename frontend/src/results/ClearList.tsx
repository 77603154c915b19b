"use client";
import { Button } from "@/components/ui/button";
import { Dialog, DialogClose, DialogPanel, DialogTrigger } from "@/components/ui/dialog";
import { useJobs } from "@/jobs/store";

/** Forgets the ended jobs, after asking. */
export function ClearList() {
  const clearEnded = useJobs((store) => store.clearEnded);
  return (
    <Dialog>
      <DialogTrigger asChild>
        <Button variant="ghost" size="sm" className="-mr-3 text-muted-foreground">
          Clear
        </Button>
      </DialogTrigger>
      <DialogPanel
        title="Clear this list?"
        description="This browser forgets its finished jobs. The pictures stay on the server, but only their addresses lead to them."
      >
        <div className="flex justify-end gap-2 pt-2">
          <DialogClose asChild>
            <Button variant="ghost">Keep them</Button>
          </DialogClose>
          <DialogClose asChild>
            <Button variant="destructive" onClick={clearEnded}>
              Clear the list
            </Button>
          </DialogClose>
        </div>
      </DialogPanel>
    </Dialog>
  );
}
