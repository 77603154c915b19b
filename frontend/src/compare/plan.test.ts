import { expect, it } from "vitest";
import { aLora } from "@/api/examples";
import { firstVariants, type Plan, planProblem, readSeeds, sharedSettings, sumWords, variantName } from "./plan";

const plan: Plan = {
  prompts: ["red dress"],
  seeds: [1, 2],
  variants: [{ model_name: null }, { model_name: "jade-v1", model_weight: 0.7 }],
};

it("counts cells", () => expect(sumWords(plan)).toBe("1 prompt × 2 seeds × 2 variants"));

it("names variants", () => expect(plan.variants.map(variantName)).toEqual(["No LoRA", "jade-v1 · 0.7"]));

it("says what is missing, twice or too much", () => {
  const with64 = { ...plan, seeds: Array.from({ length: 32 }, (_, at) => at) };
  expect(planProblem(plan)).toBeNull();
  expect(planProblem(with64)).toBeNull();
  expect(planProblem({ ...with64, seeds: [...with64.seeds, 99] })).toContain("66 pictures");
  expect(planProblem({ ...plan, variants: [{ model_name: "ink" }, { model_name: "ink" }] })).toContain("ink is listed");
  expect(planProblem({ ...plan, prompts: [] })).toBe("Write a prompt.");
});

it.each([
  ["1, 2 3;3", [1, 2, 3]],
  ["", []],
  ["4294967295", [4294967295]],
  ["4294967296, 0", [0]],
  ["18446744073709551616", null],
  ["-1", null],
  ["1.5", null],
  ["x", null],
])("seeds of %j are %j", (text, seeds) => expect(readSeeds(text)).toEqual(seeds));

it("begins with the versions of a LoRA that has several, the oldest first", () => {
  const loras = [aLora("amber-v1"), aLora("jade-v2"), aLora("jade-v1")];
  expect(firstVariants(loras).map(variantName)).toEqual(["No LoRA", "jade-v1", "jade-v2"]);
  expect(firstVariants([]).map(variantName)).toEqual(["No LoRA"]);
});

it("shares all settings but what differs between the pictures", () => {
  const { prompt, ...shared } = { prompt: "x", steps: 12, width: 64, height: 64, negative_prompt: "" };
  const own = { prompt, seed: 7, num_images: 2, model_name: "jade", model_weight: 0.5, loras: [{ name: "amber" }] };
  expect(sharedSettings({ ...own, ...shared })).toEqual(shared);
});
