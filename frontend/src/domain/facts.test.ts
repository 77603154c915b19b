import { describe, expect, it } from "vitest";
import { makeImage, makeJob, someMetadata } from "./examples";
import { differences, factsOf, glance } from "./facts";

const METADATA = someMetadata({
  prompt: "jade woman",
  final_prompt: "jade woman",
  model: "jade-v1",
  loras: [
    { name: "jade-v1", weight: 0.9, sha256: "00" },
    { name: "amber-v1", weight: 0.4, sha256: "11" },
  ],
  sampler: "dpmpp_2m",
});

describe("factsOf", () => {
  it("prefers what the server resolved, and the picture's own seed", () => {
    const job = makeJob({ metadata: METADATA });
    expect(factsOf(job, makeImage(2), (name) => (name === "dpmpp_2m" ? "DPM++ 2M" : name))).toEqual([
      { label: "Model", value: "jade-v1 at 0.9" },
      { label: "LoRAs", value: "amber-v1 at 0.4" },
      { label: "Seed", value: "9" },
      { label: "Size", value: "256 × 256" },
      { label: "Steps", value: "30" },
      { label: "Guidance", value: "7" },
      { label: "Sampler", value: "DPM++ 2M" },
      { label: "Negative prompt", value: "blurry" },
      { label: "File", value: "JPEG, 21 KB" },
    ]);
  });

  it("shows the prompt that was sent where it is not the one that was typed", () => {
    const job = makeJob({ metadata: { ...METADATA, prompt: "castle", final_prompt: "jade woman, castle" } });
    expect(factsOf(job, null)).toContainEqual({ label: "Sent to the model", value: "jade woman, castle" });
  });

  it("makes do with the request, and leaves out what is not known", () => {
    const request = { ...makeJob().request, model_name: null, loras: [{ name: "amber", weight: 0.4 }] };
    expect(factsOf(makeJob({ request }), null)).toEqual([
      { label: "Model", value: "No LoRA" },
      { label: "LoRAs", value: "amber at 0.4" },
      { label: "Size", value: "256 × 256" },
    ]);
  });

  it("names the part of the steps that guidance works on, where it is not all of them", () => {
    const job = makeJob({ metadata: someMetadata({ guidance_start: 0.25, guidance_end: 0.8 }) });
    expect(factsOf(job, null)).toContainEqual({ label: "Guided part", value: "25 to 80 %" });
  });
});

it("glance is short and ends with the seed", () => {
  expect(glance(makeJob({ metadata: METADATA }))).toEqual(["jade-v1", "256 × 256", "30 steps", "seed 7"]);
  const outputs = [makeImage(0), makeImage(3)];
  expect(glance(makeJob({ metadata: METADATA, outputs })).at(-1)).toBe("seeds 7 to 10");
  expect(glance(makeJob())).toEqual([]); // until the server has said what made it
  expect(glance(makeJob({ metadata: { ...METADATA, model: "base", steps: 1 } }))[0]).toBe("No LoRA");
});

it("differences keeps what is unequal or one-sided", () => {
  const left = [
    { label: "Seed", value: "7" },
    { label: "Steps", value: "30" },
  ];
  const right = [
    { label: "Seed", value: "8" },
    { label: "Steps", value: "30" },
    { label: "Style", value: "watercolor" },
  ];
  expect(differences(left, right)).toEqual([
    { label: "Seed", first: "7", second: "8" },
    { label: "Style", first: null, second: "watercolor" },
  ]);
  expect(differences(left, left)).toEqual([]);
});
