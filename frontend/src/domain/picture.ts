/** A finished picture together with the job that made it, and the requests that make it or others like it. */

import { API_URL } from "@/api/client";
import type { GenerateRequest, LoraOption, Options, Output } from "@/api/types";
import { t } from "@/i18n/t";
import { type Settings, settingsOfMetadata, withoutDefaults } from "@/settings/settings";
import { type Image, type Job, promptOf } from "./job";

export interface Picture {
  readonly job: Job;
  readonly output: Image;
}

type Loras = readonly LoraOption[];

/** What the server makes where a request names no number. */
const NUM_IMAGES = 4;
const MAX_NAME_CHARACTERS = 140;

/** Number of pictures that the job makes, deleted ones included. */
export function numWanted(job: Job): number {
  return job.state?.images_total ?? job.request.num_images ?? NUM_IMAGES;
}

/** Newest job first, each job's pictures in order. */
export function picturesOf(jobs: readonly Job[]): Picture[] {
  return jobs.flatMap((job) => job.outputs.map((output) => ({ job, output })));
}

export function findPicture(jobs: readonly Job[], id: string): Picture | null {
  return picturesOf(jobs).find((picture) => picture.output.id === id) ?? null;
}

/** `Picture 2 of 4: jade woman, red dress`: its accessible name. */
export function pictureName({ job, output }: Picture): string {
  const prompt = promptOf(job);
  const shown = prompt.length > MAX_NAME_CHARACTERS ? `${prompt.slice(0, MAX_NAME_CHARACTERS).trimEnd()}…` : prompt;
  return t("Picture {number} of {count}: {prompt}", {
    number: output.index + 1,
    count: numWanted(job),
    prompt: shown,
  });
}

/** Class of an `<img>` of the picture before its visitor asks to see it: moderation may want it blurred. */
export function veil({ moderation }: Output): string | false {
  return moderation?.verdict === "blurred" && "blur-2xl";
}

/** The id of the picture that this one was made from; null: from none. */
export function sourceOf({ job, output }: Picture): string | null {
  return output.from_image ?? job.metadata?.init?.from_image ?? null;
}

/** The settings that make this picture again, alone. `options` undefined: no default is left to the server.
 * `loras`: ones that the server has, as in `withoutDefaults`. */
export function settingsOf({ job, output }: Picture, options: Options | undefined, loras?: Loras): Settings {
  return resolved(job, { seed: output.seed, num_images: 1 }, options, loras);
}

/** The settings of other pictures that start from this one: all of its own but seed and size. */
export function startSettings(picture: Picture, options: Options | undefined, loras?: Loras): Settings {
  const { seed: _seed, num_images: _num, width: _width, height: _height, ...own } = settingsOf(picture, options, loras);
  return { ...own, ...startFields(picture.output.id, options) };
}

/** The fields of a form that say where it starts from, `id`: a picture's, or an asset's. */
export function startFields(id: string, options: Options | undefined): Partial<Settings> {
  const source = id.includes("-") ? { from_image: id } : { asset_id: id };
  const strength = options?.image_to_image.default_strength;
  const init = { ...source, ...(strength !== undefined && { strength }) };
  return { init, mask: undefined, extend: undefined, hires: undefined, width: undefined, height: undefined };
}

/** The settings of the job with seeds of the server's choosing. */
export function variationsOf(job: Job, options: Options | undefined, loras?: Loras): Settings {
  return resolved(job, { seed: undefined }, options, loras);
}

export function zipAddress(job: Job): string {
  return `${API_URL}/api/jobs/${job.id}/zip`;
}

/** The settings with the exact LoRAs that the server has resolved: by now a bare name may mean a newer version. Until they
 * are known, the settings as requested. */
function resolved(job: Job, change: Partial<GenerateRequest>, options: Options | undefined, loras?: Loras): Settings {
  if (job.metadata === null) return { ...job.request, ...change };
  return withoutDefaults({ ...settingsOfMetadata(job.metadata), ...change }, options, loras);
}
