/** How far a picture is extended. Pure. */

import type { Options } from "@/api/types";
import { t } from "@/i18n/t";
import type { Extension } from "@/jobs/from-image";
import { SIDES, type Side } from "@/settings/from-image";
import { type Size, sizeProblem } from "@/settings/shapes";

export const NO_EXTENSION: Extension = { left: 0, right: 0, top: 0, bottom: 0 };
/** Most at one side (server/generation/requests.py). */
export const MAX_SIDE_PX = 2048;
export const STEP_PX = 8;
const SHARE = 0.25;

export const PRESETS = ["All sides", "Wider", "Taller"] as const;
export type Preset = (typeof PRESETS)[number];

const SIDES_OF: Readonly<Record<Preset, readonly Side[]>> = {
  "All sides": SIDES,
  Wider: ["left", "right"],
  Taller: ["top", "bottom"],
};

/** A quarter of the picture's width or height at each side that the preset names. */
export function presetOf(preset: Preset, { width, height }: Size): Extension {
  const quarter = (px: number) => Math.min(MAX_SIDE_PX, Math.round((px * SHARE) / STEP_PX) * STEP_PX || STEP_PX);
  const px = (side: Side) => (side === "left" || side === "right" ? quarter(width) : quarter(height));
  return { ...NO_EXTENSION, ...Object.fromEntries(SIDES_OF[preset].map((side) => [side, px(side)])) };
}

export function extended({ width, height }: Size, { left, right, top, bottom }: Extension): Size {
  return { width: width + left + right, height: height + top + bottom };
}

/** Where the picture lies in the extended one: percent of its width and height. */
export function pictureWithin(size: Size, extension: Extension): Record<"left" | "top" | "width" | "height", string> {
  const whole = extended(size, extension);
  const share = (px: number, of: number) => `${(100 * px) / of}%`;
  return {
    left: share(extension.left, whole.width),
    top: share(extension.top, whole.height),
    width: share(size.width, whole.width),
    height: share(size.height, whole.height),
  };
}

/** Why this cannot be made; null where it can. */
export function extensionProblem(size: Size, extension: Extension, options: Options): string | null {
  if (SIDES.every((side) => extension[side] === 0)) return t("Choose how far: at least one side.");
  return sizeProblem(extended(size, extension), options);
}
