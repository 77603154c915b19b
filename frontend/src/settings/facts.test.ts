import { describe, expect, it } from "vitest";
import { differences, factsOf, fileSize, glance } from "./facts";
import { makeJob, makeOutput } from "@/domain/made.test-data";

const METADATA = {
  prompt: "jade woman",
  negative_prompt: "blurry",
  model: "jade-v1",
  loras: [
    { name: "jade-v1", weight: 0.9, sha256: "00" },
    { name: "amber-v1", weight: 0.4, sha256: "11" },
  ],
  steps: 30,
  guidance_scale: 7,
  seed: 7,
  sampler: "dpmpp_2m",
};

describe("factsOf", () => {
  it("prefers what the server resolved, and the picture's own seed", () => {
    const job = makeJob({ metadata: METADATA });
    expect(factsOf(job, makeOutput(2), (name) => (name === "dpmpp_2m" ? "DPM++ 2M" : name))).toEqual([
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

  it("makes do with the request, and leaves out what is not known", () => {
    const request = { ...makeJob().request, model_name: null, loras: [{ name: "amber", weight: 0.4 }] };
    expect(factsOf(makeJob({ request }), null)).toEqual([
      { label: "Model", value: "No LoRA" },
      { label: "LoRAs", value: "amber at 0.4" },
      { label: "Size", value: "256 × 256" },
    ]);
  });

  it("survives metadata of another shape", () => {
    expect(factsOf(makeJob({ metadata: { loras: [3, null, "jade"], steps: {}, model: "" } }), null)).toEqual([
      { label: "Size", value: "256 × 256" },
    ]);
  });
});

it("glance is short and ends with the seed", () => {
  expect(glance(makeJob({ metadata: METADATA }))).toEqual(["jade-v1", "256 × 256", "30 steps", "seed 7"]);
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
    { label: "Seed", mine: "7", theirs: "8" },
    { label: "Style", mine: null, theirs: "watercolor" },
  ]);
  expect(differences(left, left)).toEqual([]);
});

it.each([
  [812, "812 B"],
  [21_400, "21 KB"],
  [999_700, "1.0 MB"],
  [1_440_000, "1.4 MB"],
])("%d bytes are %s", (bytes, words) => expect(fileSize(bytes)).toBe(words));
