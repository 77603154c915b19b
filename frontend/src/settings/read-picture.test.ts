import { readFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { NoParameters, readPicture } from "./read-picture";

/** Made by fixtures/make.py with the server's own writer. */
const fixture = (name: string) => new File([readFileSync(new URL(`fixtures/${name}`, import.meta.url))], name);
const NOTHING = { samplers: [], upscalers: [], loras: [] };
const KARRAS = { name: "dpmpp_2m_karras", label: "DPM++ 2M", schedule_type: "Karras", min_steps: 1, max_steps: 150 };

describe("readPicture", () => {
  it.each(["png", "jpeg", "webp"])("reads all that the server wrote into a %s", async (format) => {
    expect(
      await readPicture(fixture(`all-fields.${format}`), { samplers: [KARRAS], upscalers: [], loras: [] }),
    ).toStrictEqual({
      prompt: 'jade woman, "fjord": at dusk\nsnow, 雪 and a 🦊',
      negative_prompt: "low quality, blurry,\ndistorted",
      model_name: "jade-v1",
      model_weight: 0.9,
      loras: [{ name: "amber", weight: -0.35 }],
      num_images: 1,
      steps: 24,
      guidance_scale: 6.5,
      guidance_start: 0.1,
      guidance_end: 0.8,
      clip_skip: 1,
      seed: 4294967295,
      sampler: "dpmpp_2m_karras",
      width: 64,
      height: 48,
    });
  });

  it.each(["png", "jpeg", "webp"])("reads prompts made to mislead, from a %s", async (format) => {
    expect(await readPicture(fixture(`hostile.${format}`), NOTHING)).toMatchObject({
      prompt:
        'a "sign", it says: \\"no\\"\nNegative prompt: not yet\nSteps: 9, Sampler: Euler, CFG scale: 3, Seed: 5\n' +
        "\u202e\u05e9\u05dc\u05d5\u05dd\u202c \u{1f469}\u200d\u{1f467} <lora:ghost:2> {",
      negative_prompt: 'blurry, "x"\nNegative prompt: twice\nSteps: 3, Sampler: DDIM, Seed: 1',
      model_name: "amber",
      model_weight: -0.35,
      loras: [],
      steps: 12,
      seed: 7,
      guidance_scale: 7,
    });
  });

  it("says that a workflow of ComfyUI is none of its texts", async () => {
    const workflow = new File([pngWith('{"nodes": []}', "workflow")], "comfy.png");
    await expect(readPicture(workflow, NOTHING)).rejects.toThrow("workflow of ComfyUI");
  });

  it("reads Latin-1 text of a PNG", async () => {
    expect(await readPicture(fixture("latin.png"), NOTHING)).toMatchObject({
      prompt: "café, sunset",
      model_name: null,
      seed: 7,
    });
  });

  it("reads a comment whose bytes stand the other way round", async () => {
    const bytes = readFileSync(new URL("fixtures/all-fields.jpeg", import.meta.url));
    const start = bytes.indexOf("UNICODE\0") + 8;
    const last = Buffer.from("LoRA Studio", "utf16le").swap16();
    bytes.subarray(start, bytes.indexOf(last, start) + last.length).swap16();
    expect(await readPicture(new File([bytes], "le.jpeg"), NOTHING)).toMatchObject({ steps: 24, seed: 4294967295 });
  });

  it.each([
    ["bare.png", "No settings found"],
    ["make.py", "not a picture"],
  ])("says what is wrong with %s", async (name, words) => {
    const reading = readPicture(fixture(name), NOTHING);
    await expect(reading).rejects.toThrow(NoParameters);
    await expect(reading).rejects.toThrow(words);
  });

  it("does not open a file that is too large", async () => {
    const file = fixture("all-fields.png");
    Object.defineProperty(file, "size", { value: 50_000_001 });
    const opened = vi.spyOn(file, "arrayBuffer");
    await expect(readPicture(file, NOTHING)).rejects.toThrow("up to 50 MB");
    expect(opened).not.toHaveBeenCalled();
  });

  it("refuses a text that is too long, packed small", async () => {
    const text = `${"<lora:a ".repeat(150_000)}\nSteps: 8`;
    const start_ms = performance.now();
    await expect(readPicture(new File([pngWith(text)], "bomb.png"), NOTHING)).rejects.toThrow("1,200,009 characters");
    expect(performance.now() - start_ms).toBeLessThan(3_000);
    await expect(readPicture(new File([pngWith("fox\nSteps: 8")], "fox.png"), NOTHING)).resolves.toMatchObject({
      prompt: "fox",
    });
  });
});

/** The bare fixture with `text` under `name`, compressed. */
function pngWith(text: string, name = "parameters"): Uint8Array<ArrayBuffer> {
  const bare = readFileSync(new URL("fixtures/bare.png", import.meta.url));
  const data = Buffer.concat([Buffer.from(`zTXt${name}\0\0`, "latin1"), deflateSync(text)]);
  const [length, checksum] = [data.length - 4, crc32(data)].map((value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  });
  const headerEnd = 33;
  const parts = [bare.subarray(0, headerEnd), length, data, checksum, bare.subarray(headerEnd)];
  return Uint8Array.from(Buffer.concat(parts.filter((part) => part !== undefined)));
}
