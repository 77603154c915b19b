// After `next build`: writes x.js.br and x.js.gz next to out/x.js, if they are smaller. The server sends them as they are.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const COMPRESSIBLE = new Set([".css", ".html", ".js", ".json", ".svg", ".txt", ".webmanifest", ".xml"]);
const MIN_BYTES = 512;
const WORTH_IT = 0.9;

for (const name of readdirSync("out", { recursive: true })) {
  const path = join("out", name);
  if (!COMPRESSIBLE.has(extname(path)) || !statSync(path).isFile()) {
    continue;
  }
  const content = readFileSync(path);
  const variants = {
    br: brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
    gz: gzipSync(content, { level: 9 }),
  };
  for (const [suffix, small] of Object.entries(variants)) {
    if (content.length >= MIN_BYTES && small.length < WORTH_IT * content.length) {
      writeFileSync(`${path}.${suffix}`, small);
    }
  }
}
