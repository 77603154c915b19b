/** The LoRAs grouped by name, each name with its versions. Pure. */

import type { LoraOption } from "@/api/types";
import { t } from "@/i18n/t";

export interface Named {
  readonly name: string;
  /** As the server lists them: the newest first. */
  readonly versions: readonly LoraOption[];
  /** What the bare name means. */
  readonly meant: LoraOption;
}

export function byName(loras: readonly LoraOption[]): Named[] {
  const names = [...new Set(loras.map(({ name }) => name))];
  return names.flatMap((name) => {
    const versions = loras.filter((lora) => lora.name === name);
    const meant = versions.find((lora) => lora.is_default) ?? versions[0];
    return meant ? [{ name, versions, meant }] : [];
  });
}

/** `→ jade-v1 (pinned)`; null for a name without versions. */
export function meaning({ name, versions, meant }: Named): string | null {
  if (versions.length === 1 && meant.label === name) return null;
  return `→ ${meant.label} (${meant.is_pinned ? t("pinned") : t("latest")})`;
}

/** What a bare name means after the deletion of `gone`, in words; null if that does not change. */
export function afterwards(gone: LoraOption, loras: readonly LoraOption[]): string | null {
  if (!gone.is_default) return null;
  const next = loras.find((lora) => lora.name === gone.name && lora.label !== gone.label);
  return next
    ? t("{name} will use {version}.", { name: gone.name, version: next.label })
    : t("No other version of {name} is left.", { name: gone.name });
}
