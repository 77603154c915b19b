"use client";
import { BanIcon } from "lucide-react";
import { useId } from "react";
import type { Options } from "@/api/types";
import { Chip } from "@/components/form/Chip";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";

/** What the pictures should not show. */
export function NegativeChip({ options }: { options: Options }) {
  const { request, set } = useForm();
  const id = useId();
  const isDefault = request.negative_prompt == null;
  const value = request.negative_prompt || "nothing";
  return (
    <Chip name="Negative prompt" icon={BanIcon} value={isDefault ? "Avoid" : `Avoid: ${value}`}>
      <div className="space-y-1.5 p-1">
        <div className="flex items-baseline justify-between">
          <label htmlFor={id} className="font-medium text-sm">
            Negative prompt
          </label>
          {!isDefault && (
            <Button
              variant="ghost"
              size="sm"
              className="-mr-2 h-6 px-2"
              onClick={() => set({ negative_prompt: undefined })}
            >
              Use default
            </Button>
          )}
        </div>
        <textarea
          id={id}
          rows={2}
          maxLength={options.bounds.max_prompt_characters}
          className="w-full resize-y rounded-xl border border-input bg-card px-3 py-2 text-sm placeholder:text-muted-foreground"
          placeholder={isDefault ? undefined : "Nothing to avoid"}
          value={request.negative_prompt ?? options.defaults.negative_prompt}
          onChange={(event) => set({ negative_prompt: event.target.value })}
          aria-describedby={`${id}-hint`}
        />
        <p id={`${id}-hint`} className="text-muted-foreground text-xs">
          What the pictures should not show.
        </p>
      </div>
    </Chip>
  );
}
