"use client";
import { SlidersHorizontalIcon } from "lucide-react";
import dynamic from "next/dynamic";
import type { GenerateRequest, Options } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogTrigger } from "@/components/ui/dialog";
import { useForm } from "./form";

const AdvancedFields = dynamic(() => import("./AdvancedFields"), { ssr: false });

/** How many of the drawer's settings differ from the server's defaults. */
export function numAdvanced({ steps, guidance_scale, sampler, seed, format }: GenerateRequest): number {
  return [steps, guidance_scale, sampler, seed, format].filter((value) => value != null).length;
}

export function Advanced({ options }: { options: Options }) {
  const changed = numAdvanced(useForm().request);
  return (
    <Dialog>
      <DialogTrigger asChild>
        <Button variant="outline" className="px-3 font-normal">
          <SlidersHorizontalIcon aria-hidden className="text-muted-foreground" />
          Advanced
          {changed > 0 && (
            <span className="rounded-full bg-accent px-1.5 text-accent-foreground text-xs tabular-nums">
              {changed}
              <span className="sr-only"> changed</span>
            </span>
          )}
        </Button>
      </DialogTrigger>
      <AdvancedFields options={options} />
    </Dialog>
  );
}
