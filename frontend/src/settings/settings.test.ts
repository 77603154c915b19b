import fc from "fast-check";
import { createLoader, createSerializer } from "nuqs";
import { describe, expect, it } from "vitest";
import { aLora } from "@/api/examples";
import type { Metadata, Options } from "@/api/types";
import { someMetadata } from "@/domain/examples";
import { readInfotext } from "./infotext";
import {
  addressOf,
  numChanged,
  SETTINGS_PARSERS,
  type Settings,
  settingsOfAddress,
  settingsOfInfotext,
  settingsOfMetadata,
  withoutDefaults,
} from "./settings";

const serialize = createSerializer(SETTINGS_PARSERS);
const load = createLoader(SETTINGS_PARSERS);
const toQuery = (settings: Settings) => serialize(addressOf(settings));
const fromQuery = (query: string) => settingsOfAddress(load(new URLSearchParams(query)));

const IMAGE = `${"0a".repeat(16)}-3`;
const ASSET = "9f".repeat(32);

/** A value for every parameter, none of them the server's default. */
const FULL: Settings = {
  prompt: "jade woman, red dress: 50% & more? #1 + 雪 🦊\nnew line",
  model_name: "jade-v1",
  model_weight: -0.5,
  loras: [{ name: "amber", weight: 0.35 }, { name: "ink-v2", weight: 0 }, { name: "bare" }],
  style: "film",
  quality: "medium",
  num_images: 8,
  seed: 4294967295,
  width: 832,
  height: 1216,
  steps: 24,
  guidance_scale: 6.5,
  guidance_start: 0.1,
  guidance_end: 0.8,
  clip_skip: 2,
  prompt_syntax: "plain",
  expansion: "combinatorial",
  sampler: "dpmpp_2m_karras",
  negative_prompt: "blurry, distorted",
  format: "webp",
  init: { from_image: IMAGE, strength: 0.45, resize: "fill" },
  mask: { asset_id: ASSET, mode: "hard", blur: 2.5, padding: 32, content: "noise", invert: true },
  extend: { left: 64, right: 0, top: 8, bottom: 2048 },
  hires: { scale: 1.5, upscaler: "lanczos", steps: 12, strength: 0.3 },
};

const OPTIONS = {
  native_width: 1024,
  native_height: 1024,
  qualities: [
    { name: "low", steps: 12 },
    { name: "high", steps: 30 },
  ],
  defaults: {
    model_name: "jade",
    lora_weight: 0.9,
    quality: "high",
    num_images: 4,
    guidance_scale: 7,
    sampler: "euler",
    negative_prompt: "blurry",
    format: "jpeg",
  },
} as unknown as Options;

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,20}$/).filter((each) => each !== "none" && each !== "base");
const weight = fc.double({ min: -20, max: 20, noNaN: true }).map((value) => value + 0);
const side = fc.integer({ min: 1, max: 2048 }).map((value) => 8 * value);
const share = fc.integer({ min: 1, max: 99 }).map((value) => value / 100);
const interval = fc.tuple(share, share).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

/** Each parameter is there or not, independent of the others. */
const anySettings: fc.Arbitrary<Settings> = fc
  .record(
    {
      prompt: text,
      model: fc.record({ model_name: fc.option(name, { nil: null }) }),
      model_weight: weight,
      loras: fc.uniqueArray(fc.record({ name, weight }), { selector: (lora) => lora.name, minLength: 1, maxLength: 8 }),
      style: name,
      quality: fc.constantFrom("low", "medium", "high"),
      num_images: fc.integer({ min: 1, max: 8 }),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      size: fc.record({ width: side, height: side }),
      steps: fc.integer({ min: 1, max: 150 }),
      guidance_scale: fc.double({ min: 0, max: 30, noNaN: true }).map((value) => value + 0),
      interval: interval.map(([guidance_start, guidance_end]) => ({ guidance_start, guidance_end })),
      clip_skip: fc.integer({ min: 0, max: 11 }),
      prompt_syntax: fc.constantFrom("a1111", "plain"),
      sampler: name,
      negative_prompt: fc.string({ unit: "grapheme", maxLength: 40 }),
      format: fc.constantFrom("jpeg", "png", "webp"),
    },
    { requiredKeys: ["prompt"] },
  )
  .map(({ model, size, interval: guided, ...rest }) => ({ ...rest, ...model, ...size, ...guided }) as Settings);

const anyMetadata: fc.Arbitrary<Metadata> = anySettings.map((settings) => {
  const { model_name, model_weight, loras, prompt } = settings;
  const model = model_name ?? "base";
  const used = [...(model_name ? [{ name: model_name, weight: model_weight ?? 0.9 }] : []), ...(loras ?? [])];
  const unique = new Map(used.map(({ name: label, weight: value }) => [label, value ?? 0.9]));
  return someMetadata({
    ...Object.fromEntries(Object.entries(settings).filter(([field]) => field in someMetadata())),
    prompt: `${prompt.trim()} <lora:${model}:0.5>`,
    style: settings.style ?? null,
    negative_prompt: settings.negative_prompt ?? "blurry",
    model,
    loras: [...unique].map(([label, value]) => ({ name: label, weight: value, sha256: "00" })),
  } as Partial<Metadata>);
});

describe("the address", () => {
  it("reads as a person would write it", () => {
    expect(toQuery({ ...FULL, prompt: "red dress, beach" })).toBe(
      "?prompt=red+dress,+beach&model=jade-v1&weight=-0.5&lora=amber:0.35&lora=ink-v2:0&lora=bare&style=film" +
        "&quality=medium&n=8&seed=4294967295&size=832x1216&steps=24&guidance=6.5&guided=0.1:0.8" +
        "&clip_skip=2&syntax=plain&expansion=combinatorial&sampler=dpmpp_2m_karras&negative=blurry,+distorted&format=webp" +
        `&start=${IMAGE}:0.45:fill&mask=${ASSET}:hard:2.5:32:noise:inverted&extend=64:0:8:2048` +
        "&hires=1.5:0.3:12:lanczos",
    );
  });

  it("brings back every parameter alone", () => {
    const parts = addressOf(FULL);
    expect(Object.values(parts).every((part) => part !== null)).toBe(true);
    for (const part of Object.values(parts)) {
      const settings: Settings = { prompt: "fox", ...part };
      expect(fromQuery(toQuery(settings))).toStrictEqual(settings);
    }
  });

  it("brings back any settings", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(fromQuery(toQuery(settings))).toEqual(settings);
      }),
    );
  });

  it.each<Settings>([
    FULL,
    { prompt: "fox", model_name: null },
    { prompt: "fox", negative_prompt: "" },
    { prompt: "fox", seed: 0, guidance_scale: 0, model_weight: 0 },
    { prompt: "fox", width: 8, height: 16384 },
    { prompt: "fox", guidance_start: 0.25 },
    { prompt: "fox", guidance_end: 0.333333 },
    { prompt: "%2C %3A , : &amp; lora=x" },
    { prompt: " spaces  around " },
    { prompt: "fox", model_weight: 1e-7 },
  ])("brings back %j", (settings) => expect(fromQuery(toQuery(settings))).toStrictEqual(settings));

  it("leaves out what is not set", () => {
    const settings = { prompt: "", seed: null, loras: [], style: null, width: 64, negative_prompt: null };
    expect(toQuery(settings)).toBe("");
    expect(fromQuery("")).toStrictEqual({ prompt: "" });
  });

  it("opens links that people have saved", () => {
    const saved =
      "?prompt=red+dress,+beach&negative=blurry&model=jade-v1&weight=0.5&lora=amber:0.35&style=film&quality=medium&n=2" +
      "&size=832x1216&steps=24&guidance=6.5&sampler=euler_a&seed=7&format=webp";
    expect(fromQuery(saved)).toEqual({
      prompt: "red dress, beach",
      negative_prompt: "blurry",
      model_name: "jade-v1",
      model_weight: 0.5,
      loras: [{ name: "amber", weight: 0.35 }],
      style: "film",
      quality: "medium",
      num_images: 2,
      width: 832,
      height: 1216,
      steps: 24,
      guidance_scale: 6.5,
      sampler: "euler_a",
      seed: 7,
      format: "webp",
    });
  });

  it.each([
    "n=0",
    "n=9",
    "n=2.5",
    "n=",
    "n=many",
    "seed=-1",
    "seed=18446744073709551616",
    "seed=1.5",
    "seed=%20",
    "steps=151",
    "guidance=31",
    "guidance=NaN",
    "guided=0.8:0.2",
    "guided=0:1",
    "guided=0.2:1.1",
    "guided=0.2:0.8:1",
    "guided=all",
    "weight=20.1",
    "lora=",
    "lora=:1",
    "lora=amber:",
    "lora=amber:20.1",
    "size=512",
    "size=500x512",
    "size=0x0",
    "size=99999x512",
    "quality=best",
    "format=gif",
    "model=",
    "style=",
    "prompt=",
    "unknown=1",
    "%E0%A4%A",
  ])("drops %s", (query) => expect(fromQuery(query)).toStrictEqual({ prompt: "" }));

  it("reads a large seed as the server does", () => {
    expect(fromQuery("seed=4294967303")).toStrictEqual({ prompt: "", seed: 7 });
  });

  it("takes no more LoRAs than a request may have", () => {
    const query = Array.from({ length: 20 }, (_, n) => `lora=a${n}:1`).join("&");
    expect(fromQuery(query).loras).toHaveLength(8);
  });

  it("takes the last of LoRAs of one name", () => {
    expect(fromQuery("lora=jade:0.5&lora=amber:1&lora=jade:0.7").loras).toEqual([
      { name: "jade", weight: 0.7 },
      { name: "amber", weight: 1 },
    ]);
  });

  it("changes only the keys of the fields that change", () => {
    const changed = { ...FULL, guidance_end: undefined };
    expect(addressOf(changed, ["guidance_end"])).toEqual({ guided: { guidance_start: 0.1 } });
    expect(addressOf({ prompt: "fox" }, ["width", "steps"])).toEqual({ size: null, steps: null });
  });
});

describe("the metadata of a picture", () => {
  it("becomes a form that asks for the same picture, whatever made it", () => {
    fc.assert(
      fc.property(anyMetadata, (metadata) => {
        const settings = settingsOfMetadata(metadata);
        const { model, loras, style, prompt, ...scalars } = metadata;
        for (const field of [
          "steps",
          "guidance_scale",
          "clip_skip",
          "sampler",
          "seed",
          "width",
          "height",
          "format",
        ] as const) {
          expect(settings[field]).toBe(scalars[field]);
        }
        expect(settings).toMatchObject({ num_images: scalars.num_images, negative_prompt: scalars.negative_prompt });
        expect([settings.guidance_start ?? 0, settings.guidance_end ?? 1]).toEqual([
          scalars.guidance_start ?? 0,
          scalars.guidance_end ?? 1,
        ]);
        expect(settings.style ?? null).toBe(style);
        const named = settings.model_name ? [{ name: settings.model_name, weight: settings.model_weight }] : [];
        expect([...named, ...(settings.loras ?? [])]).toEqual(
          [
            ...loras.filter(({ name: label }) => label === model),
            ...loras.filter(({ name: label }) => label !== model),
          ].map(({ name: label, weight: value }) => ({ name: label, weight: value })),
        );
        expect(settings.prompt).toBe(prompt.replace(/\s*<lora:[^>]*>/, "").trim());
      }),
    );
  });

  it("survives the way through the form's address", () => {
    fc.assert(
      fc.property(anyMetadata, (metadata) => {
        const { loras, style, quality, ...settings } = settingsOfMetadata(metadata);
        const { quality: _quality, ...back } = fromQuery(toQuery({ ...settings, loras, style, quality }));
        const set = Object.entries(settings).filter(([, value]) => value !== undefined);
        const lists = { ...(loras?.length && { loras }), ...(style && { style }) };
        expect(back).toEqual({ ...Object.fromEntries(set), ...lists });
      }),
    );
  });

  it("leaves to the server what is its default", () => {
    const metadata = someMetadata({ width: 1024, height: 1024, num_images: 4, model: "jade-v1" });
    expect(withoutDefaults(settingsOfMetadata(metadata), OPTIONS)).toEqual({
      prompt: "fox",
      model_name: "jade-v1",
      loras: [],
      style: null,
      seed: 7,
    });
  });

  it("keeps steps, guidance and sampler next to a LoRA that has others by default", () => {
    const few_steps = { family: "lightning", steps: 4, sampler: "euler_trailing", guidance_scale: 1 } as const;
    const loras = [{ ...aLora("fast-v1"), few_steps }, aLora("jade-v1")];
    const sampling = { steps: 30, guidance_scale: 7, sampler: "euler" };
    const asked = (name: string, weight?: number): Settings => ({
      ...{ prompt: "fox", model_name: null, quality: "high", negative_prompt: "blurry", ...sampling },
      loras: [{ name, weight }],
    });
    const { negative_prompt: _dropped, ...kept } = asked("fast-v1");
    expect(withoutDefaults(asked("fast-v1"), OPTIONS, loras)).toEqual({ ...kept, quality: undefined });
    for (const usual of [asked("jade-v1"), asked("fast-v1", 0)]) {
      expect(Object.keys(withoutDefaults(usual, OPTIONS, loras)).sort()).toEqual(["loras", "model_name", "prompt"]);
    }
  });

  it("names steps where the quality does not", () => {
    const settings = settingsOfMetadata(someMetadata({ steps: 12, quality: "low" }));
    expect(withoutDefaults(settings, OPTIONS)).toMatchObject({ quality: "low" });
    expect(withoutDefaults(settings, OPTIONS).steps).toBeUndefined();
    const odd = withoutDefaults(settingsOfMetadata(someMetadata({ steps: 13, quality: "low" })), OPTIONS);
    expect([odd.steps, odd.quality]).toEqual([13, undefined]);
  });
});

describe("the text of a file", () => {
  const KNOWN = { samplers: [], upscalers: [], loras: [] };
  const settingsIn = (fields: string) => settingsOfInfotext(readInfotext(`fox\nSteps: 20, ${fields}`), KNOWN);

  it("brings CLIP skip, which files count from 1", () => {
    expect(settingsIn("Clip skip: 2").clip_skip).toBe(1);
    expect(settingsIn("Prompt syntax: plain").prompt_syntax).toBe("plain");
    expect(settingsIn("Clip skip: 1").clip_skip).toBe(0);
    expect(settingsIn("Seed: 1").clip_skip).toBeUndefined();
  });

  it("brings the guidance interval", () => {
    expect(settingsIn("Guidance start: 0.1, Guidance end: 0.8")).toMatchObject({
      guidance_start: 0.1,
      guidance_end: 0.8,
    });
    const { guidance_start, guidance_end } = settingsIn("Guidance end: 0.5");
    expect([guidance_start, guidance_end]).toEqual([undefined, 0.5]);
    expect(settingsIn("Seed: 1").guidance_end).toBeUndefined();
  });

  it("keeps numbers that this server refuses: the form shows them", () => {
    expect(settingsIn("Size: 500x300")).toMatchObject({ width: 500, height: 300 });
    expect(settingsOfInfotext(readInfotext("fox\nSteps: 400"), KNOWN).steps).toBe(400);
  });
});

it("counts the settings of the drawer", () => {
  expect(numChanged({ prompt: "fox", quality: "low", width: 64, height: 64 }, true)).toBe(0);
  expect(numChanged({ prompt: "fox", seed: 0, guidance_end: 0.5, guidance_start: 0.1, format: "png" }, true)).toBe(3);
});
