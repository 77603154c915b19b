import { expect, it } from "vitest";
import type { Options } from "@/api/types";
import { JOB_ID, makeImage, makeJob, someMetadata } from "@/domain/examples";
import { editRequest, formOf } from "./request";

const MASK = "9f".repeat(32);
const metadata = someMetadata({
  prompt: "jade woman <lora:amber:0.5>",
  model: "jade-v1",
  loras: [
    { name: "jade-v1", weight: 0.9, sha256: "00" },
    { name: "amber-v1", weight: 0.5, sha256: "01" },
  ],
  steps: 13,
  sampler: "dpmpp_2m",
  seed: 7,
  init: { from_image: `${JOB_ID}-9`, asset_id: null, strength: 0.3, resize: "crop" },
  extend: { left: 8, right: 0, top: 0, bottom: 0 },
});
const picture = { job: makeJob({ metadata }), output: makeImage(1) };

it("begins with the picture's prompt", () => {
  expect(formOf(picture, undefined)).toMatchObject({ prompt: "jade woman", blur: 4, isOnlyPainted: false });
  expect(formOf({ ...picture, output: makeImage(1, { width: 64, height: 64 }) }, undefined).blur).toBe(1);
});

it("makes the painted area alone by default where the whole is more than the model can make", () => {
  const options = {
    bounds: { max_pixels: 256 * 256 - 1 },
    qualities: [],
    defaults: { num_images: 4 },
  } as unknown as Options;
  expect(formOf(picture, options)).toMatchObject({ isOnlyPainted: true, numImages: 4 });
});

it("keeps the picture's settings, without its seed, size, start and extension", () => {
  const form = { ...formOf(picture, undefined), prompt: "jade woman, hat", numImages: 2 };
  const request = JSON.parse(JSON.stringify(editRequest(picture, form, MASK, undefined)));
  expect(request).toMatchObject({
    prompt: "jade woman, hat",
    model_name: "jade-v1",
    model_weight: 0.9,
    loras: [{ name: "amber-v1", weight: 0.5 }],
    steps: 13,
    sampler: "dpmpp_2m",
    num_images: 2,
    init: { from_image: picture.output.id, strength: 0.75 },
    mask: { asset_id: MASK, blur: 4, content: "original" },
  });
  for (const absent of ["seed", "width", "height", "extend", "hires"]) expect(request).not.toHaveProperty(absent);
  expect(request.mask).not.toHaveProperty("padding");
});

it("makes only the painted area where that is wanted", () => {
  const form = { ...formOf(picture, undefined), isOnlyPainted: true, content: "noise" as const, blur: 12 };
  expect(editRequest(picture, form, MASK, undefined).mask).toEqual({
    asset_id: MASK,
    blur: 12,
    content: "noise",
    padding: 32,
  });
});
