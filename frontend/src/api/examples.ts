/** LoRAs for tests. */
import type { LoraOption } from "./types";

/** `label` is `name` or `name-vN`. */
export function aLora(label: string, trigger: string | null = null): LoraOption {
  const [, name = label, version = null] = /^(.+)-v(\w+)$/.exec(label) ?? [];
  return {
    label,
    name,
    version,
    sha256: "9b".repeat(32),
    short_hash: "0123456789ab",
    trigger,
    title: null,
    base_model: null,
    rank: 12,
    num_modules: 76,
    has_text_encoder: true,
    bytes: 571_344,
    weight: null,
    is_default: true,
    is_pinned: false,
    resident: false,
    times_used: 0,
    file: `${label}.safetensors`,
    ignored: [],
    few_steps: null,
  };
}
