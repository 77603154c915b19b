import { describe, expect, it } from "vitest";
import type { Options } from "@/api/types";
import { sizeOfRatio } from "./shapes";

const options = (native: number, max_size: number) =>
  ({
    native_width: native,
    native_height: native,
    bounds: { size_multiple: 8, min_size: 64, max_size },
  }) as unknown as Options;

describe("sizeOfRatio", () => {
  it.each([
    ["3:4", 888, 1184],
    ["16:9", 1368, 768],
    ["21:9", 1568, 672],
  ])("%s of an SDXL model is %d × %d", (ratio, width, height) => {
    expect(sizeOfRatio(ratio, options(1024, 2048))).toEqual({ width, height });
  });

  it("stays within what the server takes", () => {
    expect(sizeOfRatio("21:9", options(256, 384))).toEqual({ width: 384, height: 168 });
  });
});
