import { describe, expect, it } from "vitest";
import { aLora } from "@/api/examples";
import type { LoraOption, Options } from "@/api/types";
import { readInfotext } from "./infotext";
import { settingsOfInfotext } from "./settings";

type SamplerOption = Options["samplers"][number];

const parse = (text: string, samplers: readonly SamplerOption[] = [], loras: readonly LoraOption[] = []) =>
  settingsOfInfotext(readInfotext(text), { samplers: [...samplers], upscalers: ["latent", "lanczos"], loras });

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
const samplerIn = (fields: string) => parse(`fox\nSteps: 20, ${fields}`, SAMPLERS).sampler;

const LORAS = [aLora("jade-v1", "jade woman"), aLora("amber", "amber man"), aLora("ink")];
const LINE = 'Steps: 8, Lora hashes: "jade-v1: aa, amber: bb", Version: LoRA Studio 0.1.0';
const lorasOf = (text: string) => {
  const { prompt, model_name, model_weight, loras } = parse(text, [], LORAS);
  return { prompt, model_name, model_weight, loras };
};

describe("a file's text", () => {
  it("reads prompt, LoRAs, negative prompt and fields", () => {
    const text = [
      "jade woman, red dress <lora:jade-v1:0.9> <lora:amber:-0.35>",
      "Negative prompt: blurry, distorted",
      'Steps: 24, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 7, Size: 832x1216, Model: "a, b"',
    ].join("\n");
    expect(parse(text, SAMPLERS)).toStrictEqual({
      prompt: "jade woman, red dress",
      negative_prompt: "blurry, distorted",
      model_name: "jade-v1",
      model_weight: 0.9,
      loras: [{ name: "amber", weight: -0.35 }],
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
    expect(parse("fox\nSteps: 20")).toMatchObject({ model_name: null, loras: [], negative_prompt: "" });
  });

  it("takes a tag out of the middle of a prompt, and weight 1 where it has none", () => {
    const settings = parse("a fox <lora:ink>, snow <lora:jade:0.5:0.7>\nSteps: 20");
    expect(settings).toMatchObject({ prompt: "a fox, snow", model_name: "ink", model_weight: 1 });
    expect(settings.loras).toEqual([{ name: "jade", weight: 0.5 }]);
  });

  it("keeps line breaks of prompts, and what only looks like fields", () => {
    const settings = parse("fox: red,\r\nsnow\r\nNegative prompt: low,\r\nbad\r\nSteps: 5, Seed: 1");
    expect(settings).toMatchObject({ prompt: "fox: red,\nsnow", negative_prompt: "low,\nbad", steps: 5, seed: 1 });
  });

  it("is all prompt without a line of fields", () => {
    const settings = parse("three steps, a fox");
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
    expect(parse(`fox\n${line}`)).toMatchObject({ seed: 4, width: 64, height: 48 });
  });

  it("leaves out numbers that are none", () => {
    const settings = parse("fox\nSteps: 20, CFG scale: much, Seed: -1, Size: big");
    expect(settings).toMatchObject({ steps: 20 });
    expect([settings.guidance_scale, settings.seed]).toEqual([undefined, undefined]);
    expect(settings.width).toBeUndefined();
  });
});

describe("texts of other tools", () => {
  const A1111 = [
    "masterpiece, (red dress:1.2), [sea|snow] <lora:ink:0.7>",
    "Negative prompt: EasyNegative, (worst quality:1.4)",
    "Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 18446744073709551615, Size: 832x1216, " +
      "Model hash: 31e35c80fc, Model: sd_xl_base_1.0, VAE hash: 235745af8d, Clip skip: 2, ENSD: 31337, Hires CFG/Scale: 9, " +
      'Lora hashes: "ink: 0123456789ab", TI hashes: "EasyNegative: c74b4e810b03", Version: v1.10.1',
  ].join("\n");
  const READ = {
    prompt: "masterpiece, (red dress:1.2), [sea|snow]",
    negative_prompt: "EasyNegative, (worst quality:1.4)",
    model_name: "ink",
    model_weight: 0.7,
    steps: 28,
    sampler: "dpmpp_2m_karras",
    guidance_scale: 6.5,
    seed: 4294967295,
    width: 832,
    height: 1216,
    clip_skip: 1,
  };

  it("A1111", () => expect(parse(A1111, SAMPLERS)).toMatchObject(READ));

  it.each([
    ["after a template", `${A1111}\nTemplate: {red|blue} dress, Seed: 3\nNegative Template: blurry`],
    ["with Windows' line ends", A1111.replaceAll("\n", "\r\n")],
    ["with an indented negative prompt", A1111.replace("\nNeg", "\n  Neg")],
  ])("A1111 %s", (_, text) => expect(parse(text, SAMPLERS)).toMatchObject(READ));

  it("Civitai, whose JSON is no field", () => {
    const text =
      "fox\nNegative prompt: blurry\nSteps: 30, Sampler: Euler a, CFG scale: 4.0, Seed: 12345, Size: 832x1216, Clip skip: 2, " +
      "Created Date: 2024-11-02T10:11:12.1234567Z, Civitai resources: " +
      '[{"type":"checkpoint","modelVersionId":1,"modelName":"x, Seed: 9, Steps: 1"},{"type":"lora","weight":0.8,"modelVersionId":2}], ' +
      'Civitai metadata: {"a":"b, Seed: 8"}';
    const read = { prompt: "fox", negative_prompt: "blurry", steps: 30, sampler: "euler_a", guidance_scale: 4 };
    expect(parse(text, SAMPLERS)).toMatchObject({ ...read, seed: 12345, width: 832, clip_skip: 1 });
  });

  it.each([
    ["dpmpp_2m_karras", "dpmpp_2m_karras"],
    ["euler_ancestral", "euler_a"],
    ["DPM++ 2m karras", "dpmpp_2m_karras"],
    ["dpmpp_2m, Scheduler: karras", "dpmpp_2m_karras"],
    ["euler, Scheduler: normal", "euler"],
    ["constructor", undefined],
  ])("ComfyUI's exporters, sampler %s", (name, ours) => {
    const text = `fox\nNegative prompt: \nSteps: 20, Sampler: ${name}, CFG scale: 7.0, Seed: 5, Size: 512x768, Hashes: {"model": "aa", "lora:x": "bb"}, Version: ComfyUI`;
    const read = { prompt: "fox", negative_prompt: "", steps: 20, guidance_scale: 7, seed: 5, height: 768 };
    expect(parse(text, SAMPLERS)).toMatchObject(read);
    expect(parse(text, SAMPLERS).sampler).toBe(ours);
  });

  it("weights of a LoRA by name", () => {
    expect(parse("fox <lora:ink:te=0.5:unet=0.8>\nSteps: 20")).toMatchObject({ model_name: "ink", model_weight: 0.5 });
  });

  it("a count of lines in a foreign file is nothing", () => {
    const text = "fox\nNegative prompt: blurry\nSteps: 20, Prompt lines: 2, Seed: 1";
    expect(parse(text)).toMatchObject({ prompt: "fox", negative_prompt: "blurry" });
  });
});

describe("LoRAs of a picture", () => {
  it.each([
    ["jade woman, snow <lora:jade-v1:0.5>", "jade-v1"],
    ["Jade  Woman <lora:jade:0.5>", "jade"],
    ["snow <lora:ink:0.5>", "ink"],
    ["snow <lora:ghost:0.5>", "ghost"],
  ])("%s: the model", (prompt, model_name) => {
    expect(lorasOf(`${prompt}\nSteps: 8`)).toMatchObject({ model_name, model_weight: 0.5, loras: [] });
  });

  it("are all further ones where the first one's trigger words are not in the prompt", () => {
    expect(lorasOf("jade womanly <lora:jade-v1:0.5> <lora:ink:1>\nSteps: 8")).toEqual({
      prompt: "jade womanly",
      model_name: null,
      model_weight: undefined,
      loras: [
        { name: "jade-v1", weight: 0.5 },
        { name: "ink", weight: 1 },
      ],
    });
  });

  it("are only those that the fields name, in a picture made here", () => {
    const typed = "jade woman <lora:ghost:2> and <lora:jade-v1:1>";
    expect(lorasOf(`${typed} <lora:jade-v1:0.9> <lora:amber:0.2>\n${LINE}`)).toEqual({
      prompt: typed,
      model_name: "jade-v1",
      model_weight: 0.9,
      loras: [{ name: "amber", weight: 0.2 }],
    });
    const bare = "snow <lora:ghost:2>\nSteps: 8, Version: LoRA Studio 0.1.0";
    expect(lorasOf(bare)).toMatchObject({ prompt: "snow <lora:ghost:2>", model_name: null, loras: [] });
  });
});

describe("a text made to be slow", () => {
  const LENGTH = 400_000;
  it.each([
    ["spaces", `fox${" ".repeat(LENGTH)}x\nSteps: 8`],
    ["unclosed tags", `${"<lora:".repeat(LENGTH / 6)}\nSteps: 8`],
    ["one long tag", `<lora:${"a".repeat(LENGTH)}\nSteps: 8`],
    ["a tag of colons", `<lora:a${":".repeat(LENGTH)}\nSteps: 8`],
    ["words without a colon", `fox\nSteps: 8, ${"a ".repeat(LENGTH / 2)}`],
    ["spaces between fields", `fox\nSteps: 8,${" ".repeat(LENGTH)}`],
    ["an unclosed quote", `fox\nSteps: 8, Model: "${"\\\\".repeat(LENGTH / 2)}`],
    [
      "many quotes that are no JSON",
      `fox\nSteps: 8, ${Array.from({ length: LENGTH / 12 }, (_, n) => `A${n}: "\\q"`).join(", ")}`,
    ],
    ["many lines of fields", `${"Steps: 8\n".repeat(LENGTH / 9)}x\nSteps: 8`],
    ["many beginnings of JSON", `fox\nSteps: 8${", Civitai resources: ".repeat(LENGTH / 22)}`],
    ["many unclosed quotes", `fox\nSteps: 8, ${'A: "b, '.repeat(LENGTH / 7)}`],
  ])("%s", (_, text) => {
    const start_ms = performance.now();
    expect(parse(text).steps).toBe(8);
    expect(performance.now() - start_ms).toBeLessThan(3_000);
  });
});
