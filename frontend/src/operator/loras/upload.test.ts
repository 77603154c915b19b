import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { aLora } from "@/api/examples";
import { findSame, isSafetensors, labelProblem, labelText, suggestedLabel } from "./upload";

describe("suggestedLabel", () => {
  it.each([
    ["jade-v2.safetensors", "jade-v2"],
    ["jade.SafeTensors", "jade"],
    ["jade.v2.safetensors", "jade.v2"],
    ["Jade Woman (final) epoch 10.safetensors", "jade-woman-v1"],
    ["Café crème-v3.safetensors", "cafe-creme-v3"],
    [".safetensors", null],
    ["jade.pt", null],
  ])("%s is %s", (filename, label) => {
    const suggested = suggestedLabel(filename);
    expect(suggested && labelText(suggested)).toBe(label);
  });
});

it.each([
  ["jade", "2", null],
  ["jade", "", null],
  ["", "1", "Name it."],
  ["jade", "two", "A version is a number like 2 or 1.5."],
  ["jade woman", "1", "Use up to 64 letters, digits, dots, underscores and hyphens."],
  ["base", "", "The name base stands for no LoRA."],
])("the name %s with the version %s: %s", (name, version, problem) => {
  expect(labelProblem({ name, version })).toBe(problem);
});

describe("a file", () => {
  const header = new TextEncoder().encode("{}");
  const sound = new Blob([new Uint8Array(new BigUint64Array([2n]).buffer), header]);

  it("is a safetensors file by its first bytes", async () => {
    expect(await isSafetensors(sound)).toBe(true);
    expect(await isSafetensors(new Blob(["<!doctype html><title>x</title>"]))).toBe(false);
    expect(await isSafetensors(new Blob(["{}"]))).toBe(false);
  });

  it("is compared with the LoRAs of its size", async () => {
    const sha256 = createHash("sha256")
      .update(new Uint8Array(await sound.arrayBuffer()))
      .digest("hex");
    const same = { ...aLora("jade-v1"), bytes: sound.size, sha256 };
    expect(await findSame(sound, [aLora("amber-v1"), same])).toBe(same);
    expect(await findSame(sound, [{ ...same, sha256: "00" }])).toBeNull();
  });
});
