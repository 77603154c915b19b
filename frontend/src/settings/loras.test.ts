import { describe, expect, it } from "vitest";
import { aLora } from "@/api/examples";
import type { Options } from "@/api/types";
import { findLora, holdsTrigger, taughtWords } from "./loras";

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
