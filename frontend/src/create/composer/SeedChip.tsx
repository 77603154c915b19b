"use client";
import { LockIcon } from "lucide-react";
import { RemovableChip } from "@/components/form/RemovableChip";
import { useForm } from "@/create/form";
import { t } from "@/i18n/t";

/** The seed, while it is locked: every picture of the form would get it again. */
export function SeedChip() {
  const { request, set } = useForm();
  if (request.seed == null) return null;
  return (
    <RemovableChip label={t("Unlock the seed")} onRemove={() => set({ seed: undefined })}>
      <LockIcon aria-hidden className="size-3.5" />
      <span className="whitespace-nowrap">{t("seed {seed}", { seed: String(request.seed) })}</span>
    </RemovableChip>
  );
}
