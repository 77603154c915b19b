import { describe, expect, it } from "vitest";
import { aLora } from "@/api/examples";
import type { ComparisonAxes, Options } from "@/api/types";
import type { Job } from "@/domain/job";
import { axesOf, readVariant } from "./axes";
import { variantName } from "./plan";

it.each([
  ["no LoRA", "No LoRA"],
  ["jade-v1:0.9", "jade-v1 · 0.9"],
  ["jade-v1:0.9 + amber:-0.4", "jade-v1 · 0.9 + amber · -0.4"],
])("%s is called %s", (label, name) => expect(variantName(readVariant(label))).toBe(name));

describe("the plan of a comparison with a LoRA for few steps", () => {
  const few_steps = { family: "lightning", steps: 4, sampler: "euler_trailing", guidance_scale: 1 } as const;
  const loras = [{ ...aLora("fast-v1"), few_steps }];
  const options = {
    defaults: { model_name: null, quality: "medium", sampler: "euler", guidance_scale: 7, format: "jpeg" },
    qualities: [
      { name: "low", steps: 12 },
      { name: "medium", steps: 30 },
    ],
    bounds: { min_steps: 1 },
  } as unknown as Options;
  const usual = { steps: 30, sampler: "euler", guidance_scale: 7 };
  const fast = { steps: 4, sampler: "euler_trailing", guidance_scale: 1 };
  type Sampled = ComparisonAxes["sampled"];

  function settingsOf(sampled: Sampled, quality = "medium") {
    const comparison = { prompts: ["a"], seeds: [1], variants: ["no LoRA", "fast-v1:1"], sampled };
    const metadata = { prompt: "a", loras: [], model: "base", format: "jpeg", quality, ...sampled[0] };
    const {
      steps,
      sampler,
      guidance_scale,
      quality: kept,
    } = axesOf({ comparison, metadata } as unknown as Job, options, loras)?.plan.settings ?? {};
    return { steps, sampler, guidance_scale, quality: kept };
  }

  it.each<[string, Sampled, string, object]>([
    ["leaves to each column what it has by default", [usual, fast], "medium", {}],
    ["keeps what was asked for, the server's default too", [usual, { ...fast, steps: 30 }], "medium", { steps: 30 }],
    [
      "keeps what is a LoRA's default",
      [{ ...usual, sampler: "euler_trailing" }, fast],
      "medium",
      { sampler: "euler_trailing" },
    ],
    [
      "keeps what nothing has by default",
      [
        { ...usual, guidance_scale: 3 },
        { ...fast, guidance_scale: 3 },
      ],
      "medium",
      { guidance_scale: 3 },
    ],
    ["keeps a quality", [{ ...usual, steps: 12 }, fast], "low", { quality: "low" }],
    [
      "of which steps take the place",
      [
        { ...usual, steps: 9 },
        { ...fast, steps: 9 },
      ],
      "low",
      { steps: 9 },
    ],
  ])("%s", (_, sampled, quality, kept) => expect(settingsOf(sampled, quality)).toEqual(kept));
});
