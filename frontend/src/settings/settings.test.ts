import { describe, expect, it } from "vitest";
import type { GenerateRequest } from "@/api/types";
import { fromQuery, toQuery } from "./settings";

const FULL: GenerateRequest = {
  prompt: "jade woman, red dress: 50% & more? #1 + 雪 🦊\nnew line",
  negative_prompt: "blurry, distorted",
  model_name: "jade-v1",
  model_weight: -0.5,
  loras: [{ name: "amber", weight: 0.35 }, { name: "ink-v2", weight: 0 }, { name: "bare" }],
  style: "film",
  quality: "medium",
  num_images: 8,
  width: 832,
  height: 1216,
  steps: 24,
  guidance_scale: 6.5,
  sampler: "dpmpp_2m_karras",
  seed: 4294967295,
  format: "webp",
};

describe("address", () => {
  it("reads as a person would write it", () => {
    expect(toQuery({ ...FULL, prompt: "red dress, beach" })).toBe(
      "prompt=red+dress,+beach&negative=blurry,+distorted&model=jade-v1&weight=-0.5&lora=amber:0.35&lora=ink-v2:0" +
        "&lora=bare&style=film&quality=medium&n=8&size=832x1216&steps=24&guidance=6.5&sampler=dpmpp_2m_karras" +
        "&seed=4294967295&format=webp",
    );
  });

  it("brings back every field alone", () => {
    for (const [field, value] of Object.entries(FULL)) {
      if (field === "width" || field === "height") continue;
      const request: GenerateRequest = { prompt: "fox", [field]: value };
      expect(fromQuery(toQuery(request))).toStrictEqual(request);
    }
  });

  it.each<GenerateRequest>([
    FULL,
    { prompt: "fox" },
    { prompt: "fox", model_name: null },
    { prompt: "fox", negative_prompt: "" },
    { prompt: "fox", seed: 0, guidance_scale: 0, model_weight: 0 },
    { prompt: "fox", width: 8, height: 16384 },
    { prompt: "%2C %3A , : &amp; lora=x" },
    { prompt: " spaces  around " },
    { prompt: "fox", model_weight: 1e-7 },
  ])("brings back %j", (request) => {
    expect(fromQuery(`?${toQuery(request)}`)).toStrictEqual(request);
  });

  it("leaves out what is not set", () => {
    const request: GenerateRequest = {
      prompt: "",
      seed: null,
      loras: [],
      style: null,
      width: 64,
      negative_prompt: null,
    };
    expect(toQuery(request)).toBe("");
    expect(fromQuery("")).toStrictEqual({});
  });

  it.each([
    "n=0",
    "n=9",
    "n=2.5",
    "n=",
    "n=many",
    "seed=-1",
    "seed=4294967296",
    "seed=%20",
    "steps=151",
    "guidance=31",
    "guidance=NaN",
    "weight=2.1",
    "lora=",
    "lora=:1",
    "lora=amber:",
    "lora=amber:3",
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
  ])("drops %s", (query) => {
    expect(fromQuery(query)).toStrictEqual({});
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
});
