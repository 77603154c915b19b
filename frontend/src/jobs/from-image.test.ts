import { describe, expect, it } from "vitest";
import type { Options } from "@/api/types";
import { makeImage, makeJob, someMetadata } from "@/domain/examples";
import { requestOf, sizeAfter } from "./from-image";

const OPTIONS = {
  bounds: { min_size: 64, max_size: 512, max_pixels: 512 * 512, size_multiple: 8 },
} as unknown as Options;
const SIZE = { width: 256, height: 192 };
const EXTENSION = { left: 64, right: 8, top: 0, bottom: 0 };
const metadata = someMetadata({ prompt: "red dress", steps: 13, hires: { scale: 2 }, width: 128, height: 96 });
const picture = { job: makeJob({ metadata }), output: makeImage(2, SIZE) };
const from_image = picture.output.id;

describe("a job made from a picture, before the server has listed it", () => {
  it("has the picture's settings", () => {
    const request = requestOf(picture, { kind: "vary", strength: 0.35, num_images: 4 });
    expect(request).toMatchObject({
      prompt: "red dress",
      steps: 13,
      num_images: 4,
      init: { from_image, strength: 0.35 },
    });
    for (const field of ["width", "hires", "mask"]) expect(request).not.toHaveProperty(field);
    expect(request.seed).toBeUndefined();
  });

  it("has the new prompt of an extension", () => {
    const change = { kind: "extend" as const, extension: EXTENSION, num_images: 2, prompt: "red dress, beach" };
    expect(requestOf(picture, change)).toMatchObject({ prompt: "red dress, beach", extend: EXTENSION, num_images: 2 });
  });

  it("has the size that it will have", () => {
    expect(sizeAfter(SIZE, { kind: "vary", strength: 0.7, num_images: 4 }, OPTIONS)).toEqual(SIZE);
    expect(sizeAfter(SIZE, { kind: "upscale", scale: 2 }, OPTIONS)).toEqual({ width: 512, height: 384 });
    expect(sizeAfter(SIZE, { kind: "extend", extension: EXTENSION, num_images: 1 }, OPTIONS)).toEqual({
      width: 328,
      height: 192,
    });
  });
});
