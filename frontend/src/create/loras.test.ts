import { describe, expect, it } from "vitest";
import { aLora } from "@/api/examples";
import { findLora, holdsTrigger } from "./loras";

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
