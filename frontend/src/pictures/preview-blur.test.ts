import { expect, it } from "vitest";
import { previewBlur } from "./preview-blur";

it.each([
  [258, 32, 2.82], // the demo model's
  [258, 128, 0.71], // SDXL's
  [64, 128, 0.18],
  [258, 0, 0], // not loaded
])("a preview shown %d px wide that has %d is blurred by %d px", (shown, own, blur) => {
  expect(previewBlur(shown, own)).toBe(blur);
});
