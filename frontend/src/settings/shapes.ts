/** Sizes by name. Pure. */
import type { GenerateRequest, Options } from "@/api/types";

export interface Size {
  width: number;
  height: number;
}

/** Pixels of each picture that a request asks for. */
export function sizeOf(request: GenerateRequest, options: Options): Size {
  return { width: request.width ?? options.native_width, height: request.height ?? options.native_height };
}

/** `square`, `portrait`, `landscape` where the size is one that the server lists, else `custom`. */
export function shapeOf(size: Size, options: Options): string {
  return options.shapes.find((shape) => shape.width === size.width && shape.height === size.height)?.name ?? "custom";
}

/** Why the server would refuse this size; null where it would not. */
export function sizeProblem(size: Size, { bounds }: Options): string | null {
  const { min_size, max_size, max_pixels, size_multiple } = bounds;
  const fits = (px: number) => px >= min_size && px <= max_size && px % size_multiple === 0;
  if (!fits(size.width) || !fits(size.height)) {
    return `Each side: a multiple of ${size_multiple} from ${min_size} to ${max_size} pixels.`;
  }
  if (size.width * size.height > max_pixels) {
    return `Too large: width times height may be ${max_pixels.toLocaleString("en-US")} pixels at most.`;
  }
  return null;
}
