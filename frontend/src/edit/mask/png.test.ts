import { inflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { emptyMask } from "./mask";
import { pngOf } from "./png";

/** Type and data of each chunk. */
function chunksOf(bytes: Buffer): [string, Buffer][] {
  const chunks: [string, Buffer][] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.push([bytes.toString("latin1", at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  return chunks;
}

it("writes every pixel, white where it is painted", async () => {
  const mask = emptyMask(7, 5);
  mask.pixels.forEach((_, at) => {
    mask.pixels[at] = at * 7;
  });
  const blob = await pngOf(mask);
  expect(blob.type).toBe("image/png");
  const bytes = Buffer.from(await blob.arrayBuffer());
  expect(bytes.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  const chunks = chunksOf(bytes);
  expect(chunks.map(([type]) => type)).toEqual(["IHDR", "IDAT", "IEND"]);
  expect([...(chunks[0]?.[1] ?? [])]).toEqual([0, 0, 0, 7, 0, 0, 0, 5, 8, 0, 0, 0, 0]);
  const lines = inflateSync(chunks[1]?.[1] ?? Buffer.alloc(0));
  const rows = Array.from({ length: 5 }, (_, row) => [...lines.subarray(row * 8 + 1, row * 8 + 8)]);
  expect(rows.flat()).toEqual([...mask.pixels]);
});

it("has the checksums of the standard", async () => {
  const bytes = Buffer.from(await (await pngOf(emptyMask(1, 1))).arrayBuffer());
  expect(bytes.subarray(-4).toString("hex")).toBe("ae426082"); // of every IEND
  expect(bytes.subarray(29, 33).toString("hex")).toBe("3a7e9b55"); // of a gray picture of one pixel
});
