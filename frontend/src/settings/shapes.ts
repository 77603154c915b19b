/** Sizes by name. Pure. */

import type { GenerateRequest, Options } from "@/api/types";
import { t } from "@/i18n/t";

export interface Size {
  width: number;
  height: number;
}

/** Pixels of each picture that a request asks for. */
export function sizeOf(request: GenerateRequest, options: Options): Size {
  return { width: request.width ?? options.native_width, height: request.height ?? options.native_height };
}

/** True if the results have the size of the picture that they start from. */
export function isOfStart({ init, width, height }: GenerateRequest): boolean {
  return init != null && (width == null || height == null);
}

/** `square`, `portrait`, `landscape` where the size is one that the server lists, else `custom`. */
export function shapeOf(size: Size, options: Options): string {
  return options.shapes.find((shape) => shape.width === size.width && shape.height === size.height)?.name ?? "custom";
}

/** Further shapes, width to height. */
export const RATIOS = ["3:4", "4:5", "16:9", "21:9"] as const;

/** The size of this shape with about as many pixels as the model was made for. */
export function sizeOfRatio(ratio: string, { native_width, native_height, bounds }: Options): Size {
  const [wide = 1, high = 1] = ratio.split(":").map(Number);
  const width = Math.sqrt((native_width * native_height * wide) / high);
  const side = (px: number) => {
    const whole = Math.round(px / bounds.size_multiple) * bounds.size_multiple;
    return Math.min(bounds.max_size, Math.max(bounds.min_size, whole));
  };
  return { width: side(width), height: side((width * high) / wide) };
}

/** Why the server would refuse this size; null where it would not. */
export function sizeProblem(size: Size, { bounds }: Options): string | null {
  const { min_size, max_size, max_pixels, size_multiple } = bounds;
  const fits = (px: number) => px >= min_size && px <= max_size && px % size_multiple === 0;
  if (!fits(size.width) || !fits(size.height)) {
    return t("Each side: a multiple of {multiple} from {min} to {max} pixels.", {
      multiple: size_multiple,
      min: String(min_size),
      max: String(max_size),
    });
  }
  if (size.width * size.height > max_pixels) {
    return t("Too large: width times height may be {count} pixels at most.", { count: max_pixels });
  }
  return null;
}

/** Pixels of each result of a request that starts from an image of size `start`, as far as it is known; null: from none. */
export function resultSize(request: GenerateRequest, options: Options, start: Size | null): Size {
  const { width, height, extend, hires, mask } = request;
  if (mask?.padding != null && start) return start; // the painted area is pasted into it
  const asked = width && height ? { width, height } : start ? fittedToModel(start, options) : sizeOf(request, options);
  if (hires) {
    const { width: wide, height: high } = scaled(asked, hires.scale ?? 2);
    return { width: hires.width ?? wide, height: hires.height ?? high };
  }
  const { left = 0, right = 0, top = 0, bottom = 0 } = extend ?? {};
  return { width: asked.width + left + right, height: asked.height + top + bottom };
}

/** So many times as large, in multiples of 8 as the server has it. */
export function scaled({ width, height }: Size, scale: number): Size {
  const side = (px: number) => Math.floor((px * scale + 1e-6) / 8) * 8;
  return { width: side(width), height: side(height) };
}

/** The size nearest to an image's that the model can make, about as the server finds it. */
export function fittedToModel({ width, height }: Size, { bounds }: Options): Size {
  const { min_size, max_size, max_pixels } = bounds;
  const larger = Math.max(1, min_size / Math.min(width, height));
  const scale = Math.min(larger, max_size / Math.max(width, height), Math.sqrt(max_pixels / (width * height)));
  const size = scaled({ width, height }, scale);
  return { width: Math.max(min_size, size.width), height: Math.max(min_size, size.height) };
}

/** Why the server would refuse a second pass, or an upscaled picture, of this size; null where it would not. */
export function hiresProblem({ width, height }: Size, { image_to_image }: Options): string | null {
  const { max_pixels, max_size } = image_to_image;
  if (Math.max(width, height) > max_size)
    return t("Too large: a side may have {count} pixels at most.", { count: String(max_size) });
  if (width * height <= max_pixels) return null;
  return t("Too large: width times height may be {count} pixels at most.", { count: max_pixels });
}
