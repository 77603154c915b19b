/** The parameters that A1111's web UI, this studio and many tools write into pictures, read back. */
import type { GenerateRequest, Options } from "@/api/types";

export type SamplerOption = Options["samplers"][number];

/** What `text` says of a picture; fields that the form must not keep from before (negative prompt, LoRAs, style) are
 * always set. `samplers` of /api/options: one that is not among them is left out. */
export function parseInfotext(text: string, samplers: readonly SamplerOption[] = []): Partial<GenerateRequest> {
  throw new Error(text + samplers.length);
}
