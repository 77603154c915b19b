import { describe, expect, it } from "vitest";
import { aLora } from "@/api/examples";
import type { Options } from "@/api/types";
import { findLora, holdsTrigger, samplingDefaults, taughtWords } from "./loras";

describe("findLora", () => {
  const loras = [aLora("jade-v2"), aLora("jade-v1"), aLora("ink")];
  it.each([
    ["jade", "jade-v2"],
    ["jade-v1", "jade-v1"],
    ["ink", "ink"],
    ["ghost", undefined],
    [null, undefined],
  ])("%s is %s", (name, label) => expect(findLora(name, loras)?.label).toBe(label));

  it("a pinned version is what the bare name means", () => {
    const pinned = loras.map((lora) => ({ ...lora, is_default: lora.label !== "jade-v2" }));
    expect(findLora("jade", pinned)?.label).toBe("jade-v1");
  });
});

describe("holdsTrigger", () => {
  it.each([
    ["a Jade \n WOMAN, red dress", "jade woman", true],
    ["jade womanly", "jade woman", false],
    ["éjade woman", "jade woman", false],
    ["woman, jade", "jade woman", false],
    ["in (c++) style/1", "(c++) style/1", true],
    ["anything", null, true],
    ["anything", " ", true],
  ])("%j and %j: %s", (prompt, trigger, holds) => expect(holdsTrigger(prompt, trigger)).toBe(holds));
});

it("LoRAs teach their trigger words, wherever they are named", () => {
  const loras = [aLora("jade-v1", "Jade woman"), aLora("amber", "amber man"), aLora("ink", "ink wash"), aLora("mute")];
  const request = { prompt: "fox <lora:ink:1> <lora:ghost>", model_name: "jade", loras: [{ name: "amber" }] };
  const options = { defaults: { model_name: null } } as Options;
  expect(taughtWords(request, options, loras)).toEqual(["jade", "woman", "amber", "man", "ink", "wash"]);
  expect(taughtWords({ prompt: "fox", model_name: "mute" }, options, loras)).toEqual([]);
});

describe("samplingDefaults", () => {
  const few_steps = { family: "lightning", steps: 4, sampler: "euler_trailing", guidance_scale: 1 } as const;
  const loras = [aLora("jade-v1"), { ...aLora("fast-v1"), few_steps }];
  const options = {
    defaults: { model_name: "jade", quality: "high", sampler: "euler", guidance_scale: 7 },
    qualities: [
      { name: "low", steps: 12 },
      { name: "high", steps: 30 },
    ],
    bounds: { min_steps: 1 },
  } as unknown as Options;
  const usual = { few: null, steps: 30, sampler: "euler", guidance_scale: 7 };
  const fast = { few: loras[1], steps: 4, sampler: "euler_trailing", guidance_scale: 1 };
  it.each([
    [{}, usual],
    [{ quality: "low" as const }, { ...usual, steps: 12 }],
    [{ model_name: "fast" }, fast],
    [{ model_name: "fast-v1", quality: "low" as const }, fast],
    [{ loras: [{ name: "fast" }] }, fast],
    [{ prompt: "fox <lora:fast:0.8>" }, fast],
    [{ prompt: "fox <lora:fast>" }, fast],
    [{ model_name: "fast", model_weight: 0 }, usual],
    [{ prompt: "fox <lora:fast:0>" }, usual],
  ])("%j", (request, expected) =>
    expect(samplingDefaults({ prompt: "fox", ...request }, options, loras)).toEqual(expected),
  );
});
