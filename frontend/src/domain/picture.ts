/** A finished picture together with the job that made it, and what can be asked for with it. */
import { API_URL } from "@/api/client";
import type { GenerateRequest, Output } from "@/api/types";
import { withoutLoraTags } from "@/settings/loras";
import type { Job } from "./job";
import { weighted } from "@/settings/facts";

export interface Picture {
  readonly job: Job;
  readonly output: Output;
}

/** What the server makes where a request names no number. */
const NUM_IMAGES = 4;
const MAX_NAME_CHARACTERS = 140;

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

/** `Picture 2 of 4: jade woman, red dress`: what a screen reader says for it. */
export function pictureName({ job, output }: Picture): string {
  const { prompt } = job.request;
  const told = prompt.length > MAX_NAME_CHARACTERS ? `${prompt.slice(0, MAX_NAME_CHARACTERS).trimEnd()}…` : prompt;
  return `Picture ${output.index + 1} of ${numWanted(job)}: ${told}`;
}

/** The request that makes this picture again, alone. */
export function settingsOf({ job, output }: Picture): GenerateRequest {
  return { ...job.request, ...exactLoras(job), seed: output.seed, num_images: 1 };
}

/** The same request, with the same versions of LoRAs, and seeds of the server's choosing. */
export function variationsOf(job: Job): GenerateRequest {
  const { seed: _seed, ...rest } = job.request;
  return { ...rest, ...exactLoras(job) };
}

/** The LoRAs as the server chose them: a bare name may mean a newer version by now. Those that the prompt names are
 * among them, and named twice both weights would count. Nothing until it has told. */
function exactLoras({ metadata, request }: Job): Partial<GenerateRequest> {
  const model = metadata?.model;
  if (typeof model !== "string") return {};
  const used = weighted(metadata?.loras).map(({ name, weight }) => ({ name, weight }));
  return {
    prompt: withoutLoraTags(request.prompt),
    model_name: model === "base" ? null : model,
    model_weight: used.find(({ name }) => name === model)?.weight,
    loras: used.filter(({ name }) => name !== model),
  };
}

export function zipAddress(job: Job): string {
  return `${API_URL}/api/jobs/${job.id}/zip`;
}
