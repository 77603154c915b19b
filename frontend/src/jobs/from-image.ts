/** Mutations that make other pictures of one: one call each, with the picture's own settings. */
import { useMutation } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { Accepted, GenerateRequest, Options } from "@/api/types";
import { type Picture, settingsOf } from "@/domain/picture";
import type { Side } from "@/settings/from-image";
import { resultSize, type Size, scaled } from "@/settings/shapes";
import { accept, type Once, useAddJob } from "./requests";

export type Extension = Readonly<Record<Side, number>>;

/** What is made of the picture. */
export type Derivation =
  | { kind: "vary"; strength: number; num_images: number }
  | { kind: "upscale"; scale: number; upscaler?: string }
  /** `prompt`: as it is encoded, in place of the picture's own. */
  | { kind: "extend"; extension: Extension; num_images: number; prompt?: string };

interface Derive {
  readonly picture: Picture;
  readonly change: Derivation;
  readonly options: Options;
}

/** A refusal is a notice, or reported by the caller. `onMade`: the job is on the list. */
export function useDerive(onMade: () => void, isReported = false) {
  const add = useAddJob();
  return useMutation({
    mutationFn: ({ picture, change }: Derive) => accept((once) => send(picture.output.id, change, once)),
    async onSuccess(accepted: Accepted, { picture, change, options }) {
      await add(accepted, requestOf(picture, change), sizeAfter(picture.output, change, options));
      onMade();
    },
    meta: { isReported },
  });
}

function send(image_id: string, change: Derivation, once: Once) {
  const params = { path: { image_id } };
  switch (change.kind) {
    case "vary": {
      const { strength, num_images } = change;
      return api.POST("/api/images/{image_id}/vary", { params, body: { strength, num_images }, ...once });
    }
    case "upscale": {
      const { scale, upscaler } = change;
      return api.POST("/api/images/{image_id}/upscale", { params, body: { scale, upscaler }, ...once });
    }
    case "extend": {
      const { extension, prompt, num_images } = change;
      return api.POST("/api/images/{image_id}/extend", { params, body: { ...extension, prompt, num_images }, ...once });
    }
  }
}

/** As far as the page knows it: the server's list has the whole. */
export function requestOf(picture: Picture, change: Derivation): GenerateRequest {
  const from_image = picture.output.id;
  const { width: _width, height: _height, mask: _mask, hires: _hires, ...settings } = settingsOf(picture, undefined);
  const request = { ...settings, seed: undefined, extend: undefined, num_images: 1, init: { from_image } };
  switch (change.kind) {
    case "vary":
      return { ...request, num_images: change.num_images, init: { from_image, strength: change.strength } };
    case "upscale":
      return request;
    case "extend":
      return {
        ...request,
        prompt: change.prompt ?? request.prompt,
        num_images: change.num_images,
        extend: change.extension,
      };
  }
}

export function sizeAfter(size: Size, change: Derivation, options: Options): Size {
  if (change.kind === "upscale") return scaled(size, change.scale);
  const extend = change.kind === "extend" ? change.extension : undefined;
  return resultSize({ prompt: "", extend }, options, size);
}
