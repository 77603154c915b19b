"use client";
import type { LoraOption, Options } from "@/api/types";
import { RemovableChip } from "@/components/form/RemovableChip";
import { useForm } from "@/create/form";
import { t } from "@/i18n/t";
import { findLora, holdsTrigger, wantedModel } from "@/settings/loras";

interface TriggerChipProps {
  options: Options | undefined;
  known: readonly LoraOption[] | undefined;
}

/** The words that the chosen LoRA puts before the prompt. Without them there is no LoRA: removing them removes it. */
export function TriggerChip({ options, known }: TriggerChipProps) {
  const { request, set } = useForm();
  const lora = options && known ? findLora(wantedModel(request, options), known) : null;
  if (!lora?.trigger) return null;
  const isWritten = holdsTrigger(request.prompt, lora.trigger);
  return (
    <div data-dock="hide" className="flex items-center gap-2 px-4 pt-2.5 text-muted-foreground text-xs">
      <RemovableChip
        label={t("Make without {name}", { name: lora.label })}
        onRemove={() => set({ model_name: null, model_weight: undefined })}
      >
        <span className="truncate">{lora.trigger}</span>
      </RemovableChip>
      <span className="min-w-0 truncate">
        {isWritten
          ? t("from {name}, already in your prompt", { name: lora.label })
          : t("added by {name}", { name: lora.label })}
      </span>
    </div>
  );
}
