import { describe, expect, it } from "vitest";
import { parseInfotext, type SamplerOption } from "./infotext";

const sampler = (name: string, label: string, schedule_type: string | null = null): SamplerOption => ({
  name,
  label,
  schedule_type,
  min_steps: 1,
  max_steps: 150,
});
const SAMPLERS = [
  sampler("euler", "Euler"),
  sampler("euler_a", "Euler a"),
  sampler("dpmpp_2m", "DPM++ 2M"),
  sampler("dpmpp_2m_karras", "DPM++ 2M", "Karras"),
];
const samplerIn = (fields: string) => parseInfotext(`fox\nSteps: 20, ${fields}`, SAMPLERS).sampler;

describe("parseInfotext", () => {
  it("reads prompt, LoRAs, negative prompt and fields", () => {
    const text = [
      "jade woman, red dress <lora:jade-v1:0.9> <lora:amber:-0.35>",
      "Negative prompt: blurry, distorted",
      'Steps: 24, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 7, Size: 832x1216, Model: "a, b"',
    ].join("\n");
    expect(parseInfotext(text, SAMPLERS)).toStrictEqual({
      prompt: "jade woman, red dress",
      negative_prompt: "blurry, distorted",
      model_name: "jade-v1",
      model_weight: 0.9,
      loras: [{ name: "amber", weight: -0.35 }],
      style: null,
      num_images: 1,
      steps: 24,
      guidance_scale: 6.5,
      seed: 7,
      sampler: "dpmpp_2m_karras",
      width: 832,
      height: 1216,
    });
  });

  it("means no LoRA and the empty negative prompt where the text names none", () => {
    expect(parseInfotext("fox\nSteps: 20")).toMatchObject({ model_name: null, loras: [], negative_prompt: "" });
  });

  it("takes a tag out of the middle of a prompt, and weight 1 where it has none", () => {
    const settings = parseInfotext("a fox <lora:ink>, snow <lora:jade:0.5:0.7>\nSteps: 20");
    expect(settings).toMatchObject({ prompt: "a fox, snow", model_name: "ink", model_weight: 1 });
    expect(settings.loras).toEqual([{ name: "jade", weight: 0.5 }]);
  });

  it("keeps line breaks of prompts, and what only looks like fields", () => {
    const settings = parseInfotext("fox: red,\r\nsnow\r\nNegative prompt: low,\r\nbad\r\nSteps: 5, Seed: 1");
    expect(settings).toMatchObject({ prompt: "fox: red,\nsnow", negative_prompt: "low,\nbad", steps: 5, seed: 1 });
  });

  it("is all prompt without a line of fields", () => {
    const settings = parseInfotext("three steps, a fox");
    expect(settings.prompt).toBe("three steps, a fox");
    expect(settings.steps).toBeUndefined();
  });

  it.each([
    ["Sampler: Euler", "euler"],
    ["Sampler: Euler a, Schedule type: Automatic", "euler_a"],
    ["Sampler: DPM++ 2M", "dpmpp_2m"],
    ["Sampler: DPM++ 2M Karras", "dpmpp_2m_karras"],
    ["Sampler: Euler, Schedule type: Karras", "euler"],
    ["Sampler: Restart", undefined],
    ["Seed: 1", undefined],
  ])("knows the sampler of %s", (fields, name) => {
    expect(samplerIn(fields)).toBe(name);
  });

  it("is not misled by quoted values", () => {
    const line = 'Steps: 20, Model: "odd, Seed: 9, \\"x\\"", Seed: 4, Broken: "\\q", Size: 64x48';
    expect(parseInfotext(`fox\n${line}`)).toMatchObject({ seed: 4, width: 64, height: 48 });
  });

  it("leaves out numbers that are none", () => {
    const settings = parseInfotext("fox\nSteps: 20, CFG scale: much, Seed: -1, Size: big");
    expect(settings).toMatchObject({ steps: 20, guidance_scale: undefined, seed: undefined });
    expect(settings.width).toBeUndefined();
  });
});
