import { createLoader, createSerializer } from "nuqs";
import { describe, expect, it } from "vitest";
import type { Options } from "@/api/types";
import { someMetadata } from "@/domain/examples";
import { readInfotext } from "./infotext";
import {
  addressOf,
  factsOfSettings,
  fieldLabel,
  numChanged,
  SETTINGS_PARSERS,
  type Settings,
  settingsOfAddress,
  settingsOfInfotext,
  settingsOfMetadata,
  withoutDefaults,
} from "./settings";
import { hiresProblem, isOfStart, resultSize } from "./shapes";

const IMAGE = `${"0a".repeat(16)}-3`;
const ASSET = "9f".repeat(32);
const serialize = createSerializer(SETTINGS_PARSERS);
const load = createLoader(SETTINGS_PARSERS);
const fromQuery = (query: string) => settingsOfAddress(load(new URLSearchParams(query)));
const toQuery = (settings: Settings) => serialize(addressOf(settings));

describe("the address", () => {
  it.each<Partial<Settings>>([
    { init: { from_image: IMAGE } },
    { init: { asset_id: ASSET, strength: 1 } },
    { init: { asset_id: ASSET, resize: "stretch" } },
    { init: { from_image: IMAGE, strength: 0.3, upscaler: "4x UltraSharp" } },
    { mask: { asset_id: ASSET } },
    { mask: { asset_id: ASSET, blur: 0, padding: 0 } },
    { mask: { asset_id: ASSET, invert: true } },
    { extend: { left: 0, right: 0, top: 0, bottom: 8 } },
    { hires: { scale: 2 } },
    { hires: { width: 1536, height: 1024, steps: 8 } },
    { hires: { scale: 4, upscaler: "4x UltraSharp.safetensors" } },
  ])("brings back %j", (part) => {
    const settings = { prompt: "fox", ...part };
    expect(fromQuery(toQuery(settings))).toStrictEqual(settings);
  });

  it.each([
    "start=",
    "start=../../etc/passwd",
    `start=${IMAGE}:0`,
    `start=${IMAGE}:1.1`,
    `start=${IMAGE}:0.5:tile`,
    `start=${IMAGE}:0.5:fill:x:y`,
    `mask=${IMAGE}`,
    `mask=${ASSET}:softly`,
    `mask=${ASSET}:soft:65`,
    `mask=${ASSET}:soft:4:-1`,
    "extend=0:0:0:0",
    "extend=8:8:8",
    "extend=7:0:0:0",
    "extend=4096:0:0:0",
    "hires=1",
    "hires=5",
    "hires=2:0",
    "hires=2:0.5:151",
    "hires=many",
  ])("drops %s", (query) => expect(fromQuery(query)).toStrictEqual({ prompt: "" }));
});

describe("the metadata of a picture", () => {
  it("brings start, mask and second pass as a request has them", () => {
    const settings = settingsOfMetadata(
      someMetadata({
        init: { asset_id: null, from_image: IMAGE, strength: 0.35, resize: "crop" },
        mask: { asset_id: ASSET, mode: "soft", blur: 4, padding: null, content: "fill", invert: false },
        hires: { scale: 2, width: null, height: null, upscaler: "latent", steps: null, strength: 0.5 },
      }),
    );
    expect(settings).toMatchObject({
      init: { from_image: IMAGE, strength: 0.35, resize: "crop" },
      mask: { asset_id: ASSET, mode: "soft", blur: 4, content: "fill" },
      hires: { scale: 2, upscaler: "latent", strength: 0.5 },
    });
    expect(fromQuery(toQuery(settings))).toMatchObject({
      init: settings.init,
      mask: settings.mask,
      hires: settings.hires,
    });
  });

  it("has no size next to an extension: it is added to the start's", () => {
    const extend = { left: 8, right: 8, top: 0, bottom: 0 };
    const settings = settingsOfMetadata(someMetadata({ extend, init: { from_image: IMAGE } }));
    expect(settings).toMatchObject({ extend });
    expect(settings).not.toHaveProperty("width");
  });

  it("brings the scale of a second pass, which holds for other sizes too", () => {
    const hires = { scale: null, width: 128, height: 96, upscaler: "latent", steps: null, strength: 0.5 };
    expect(settingsOfMetadata(someMetadata({ hires })).hires).toEqual({ scale: 2, upscaler: "latent", strength: 0.5 });
    expect(settingsOfMetadata(someMetadata({ hires: { ...hires, height: 128 } })).hires).toMatchObject({
      width: 128,
      height: 128,
    });
  });

  it("sets nothing where there is none", () => {
    const settings = settingsOfMetadata(someMetadata({ init: null, mask: null, extend: null, hires: null }));
    for (const field of ["init", "mask", "extend", "hires"]) expect(settings).not.toHaveProperty(field);
  });

  it("keeps the model's own size next to a start, whose size would be the default", () => {
    const bounds = { min_size: 32, max_size: 128, max_pixels: 128 * 128, size_multiple: 8 };
    const options = { native_width: 64, native_height: 48, qualities: [], defaults: {}, bounds } as unknown as Options;
    const made = someMetadata({ width: 64, height: 48 });
    expect(withoutDefaults(settingsOfMetadata(made), options)).not.toHaveProperty("width");
    const started = someMetadata({ width: 64, height: 48, init: { from_image: IMAGE } });
    expect(withoutDefaults(settingsOfMetadata(started), options)).toMatchObject({ width: 64, height: 48 });
    const upscaled = someMetadata({ width: 256, height: 256, init: { from_image: IMAGE } });
    expect(withoutDefaults(settingsOfMetadata(upscaled), options)).not.toHaveProperty("width");
    const init = { from_image: IMAGE, upscaler: "lanczos" };
    const enlarged = settingsOfMetadata(someMetadata({ width: 256, height: 256, init }));
    expect(withoutDefaults(enlarged, options)).toMatchObject({ width: 256, height: 256, init });
  });
});

describe("the text of a file", () => {
  const KNOWN = { samplers: [], upscalers: ["latent", "lanczos", "4x_NMKD"], loras: [] };
  const hiresIn = (fields: string) =>
    settingsOfInfotext(readInfotext(`fox\nSteps: 20, Seed: 1, ${fields}`), KNOWN).hires;

  it("brings the second pass of A1111", () => {
    expect(hiresIn("Denoising strength: 0.4, Hires upscale: 2, Hires steps: 10, Hires upscaler: Latent")).toEqual({
      scale: 2,
      strength: 0.4,
      steps: 10,
      upscaler: "latent",
    });
    expect(hiresIn("Hires resize: 1024x1536, Hires upscaler: Lanczos")).toEqual({
      width: 1024,
      height: 1536,
      upscaler: "lanczos",
    });
    expect(hiresIn("Hires upscale: 1.5, Hires upscaler: Latent (antialiased)")?.upscaler).toBe("latent");
    expect(hiresIn("Hires upscale: 1.5, Hires upscaler: 4x_NMKD")?.upscaler).toBe("4x_NMKD");
  });

  it("leaves out what this server does not have", () => {
    expect(hiresIn("Hires upscale: 2, Hires upscaler: SwinIR 4x")).toEqual({ scale: 2 });
    expect(hiresIn("Hires upscale: 9")).toBeUndefined();
  });

  it("reads a strength alone as nothing: the picture that it belongs to is not in the file", () => {
    expect(hiresIn("Denoising strength: 0.4")).toBeUndefined();
    expect(settingsOfInfotext(readInfotext("fox\nSteps: 20, Denoising strength: 0.4"), KNOWN)).not.toHaveProperty(
      "init",
    );
  });
});

it("says in words how a picture was made from another", () => {
  const facts = factsOfSettings(
    {
      prompt: "fox",
      init: { from_image: IMAGE, strength: 0.35 },
      mask: { asset_id: ASSET, blur: 6, padding: 32, content: "fill" },
      extend: { left: 64, right: 0, top: 0, bottom: 8 },
      hires: { scale: 2, upscaler: "latent", strength: 0.5 },
    },
    (name) => name,
  );
  expect(facts.filter(({ label }) => label !== "Prompt")).toEqual([
    { label: "Start strength", value: "0.35" },
    { label: "Mask", value: "soft edge 6 px, only this area, from the colors around" },
    { label: "Extended", value: "64 px left, 8 px bottom" },
    { label: "Second pass", value: "2 ×, latent, strength 0.5" },
  ]);
});

it("counts the second pass among the drawer's settings, and names nested fields", () => {
  expect(numChanged({ prompt: "fox", hires: { scale: 2 }, init: { from_image: IMAGE } }, true)).toBe(1);
  expect(["init.strength", "mask", "hires.scale"].map(fieldLabel)).toEqual(["Start picture", "Mask", "Second pass"]);
});

it("names fields for people", () => {
  expect(["width", "guidance_end", "model_name", "loras[0].weight"].map(fieldLabel)).toEqual([
    "Width",
    "Guidance end",
    "LoRA",
    "loras[0].weight",
  ]);
});

describe("the size of a result", () => {
  const options = {
    native_width: 1024,
    native_height: 1024,
    bounds: { min_size: 256, max_size: 2048, max_pixels: 1024 * 1024, size_multiple: 8 },
    image_to_image: { max_pixels: 4_194_304, max_size: 4096 },
  } as unknown as Options;

  it("is the start's as far as the model can make it, with what is added to it", () => {
    const start = { width: 800, height: 605 };
    expect(resultSize({ prompt: "" }, options, start)).toEqual({ width: 800, height: 600 });
    expect(resultSize({ prompt: "", extend: { left: 64 } }, options, start)).toEqual({ width: 864, height: 600 });
    expect(resultSize({ prompt: "", width: 512, height: 256 }, options, start)).toEqual({ width: 512, height: 256 });
    const photo = resultSize({ prompt: "" }, options, { width: 4000, height: 3000 });
    expect(photo.width * photo.height).toBeLessThanOrEqual(1024 * 1024);
    expect(photo.width / photo.height).toBeCloseTo(4 / 3, 1);
    expect(resultSize({ prompt: "" }, options, { width: 128, height: 192 })).toEqual({ width: 256, height: 384 });
    expect(resultSize({ prompt: "" }, options, { width: 4096, height: 300 })).toEqual({ width: 2048, height: 256 });
  });

  it("is the second pass's", () => {
    const second = resultSize({ prompt: "", hires: { scale: 1.5 } }, options, null);
    expect(second).toEqual({ width: 1536, height: 1536 });
    expect(hiresProblem(second, options)).toBeNull();
    expect(hiresProblem({ width: 4096, height: 4096 }, options)).toMatch(/4,194,304/);
    expect(hiresProblem({ width: 4104, height: 64 }, options)).toMatch(/4096/);
    expect(resultSize({ prompt: "", width: 200, height: 104, hires: { scale: 1.3 } }, options, null)).toEqual({
      width: 256,
      height: 128,
    });
  });

  it("is exactly the start's where only the painted area is made", () => {
    const start = { width: 4000, height: 3001 };
    const mask = { asset_id: ASSET, padding: 32 };
    expect(resultSize({ prompt: "", mask, width: 64, height: 64 }, options, start)).toEqual(start);
  });

  it("follows the start where the request names none", () => {
    expect(isOfStart({ prompt: "", init: { from_image: IMAGE } })).toBe(true);
    expect(isOfStart({ prompt: "", init: { from_image: IMAGE }, width: 8, height: 8 })).toBe(false);
    expect(isOfStart({ prompt: "" })).toBe(false);
  });
});
