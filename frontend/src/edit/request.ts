/** The request of the editor: the painted part of a picture anew, all else as it was made. Pure. */
import type { GenerateRequest, LoraOption, Options } from "@/api/types";
import { type Picture, settingsOf } from "@/domain/picture";
import type { Settings } from "@/settings/settings";

export type Content = NonNullable<NonNullable<GenerateRequest["mask"]>["content"]>;

/** What the editor's panel holds. */
export interface EditForm {
  readonly prompt: string;
  readonly strength: number;
  readonly numImages: number;
  /** Width of the soft edge, pixels of the picture. */
  readonly blur: number;
  /** Only the painted area is made, at the size of the whole picture. */
  readonly isOnlyPainted: boolean;
  readonly content: Content;
}

/** Pixels around the painted area that are made with it. */
const PADDING = 32;
const STRENGTH = 0.75;
const MAX_BLUR = 4;

export function formOf(picture: Picture, options: Options | undefined): EditForm {
  const { width, height } = picture.output;
  const isLarge = options !== undefined && width * height > options.bounds.max_pixels;
  return {
    prompt: settingsOf(picture, options).prompt,
    strength: STRENGTH,
    numImages: options?.defaults.num_images ?? 1,
    blur: Math.min(MAX_BLUR, Math.round(Math.min(width, height) / 64)),
    isOnlyPainted: isLarge, // the whole of it would come out smaller
    content: "original",
  };
}

/** `maskId`: the asset that is painted white where the picture changes. */
export function editRequest(
  picture: Picture,
  form: EditForm,
  maskId: string,
  options: Options | undefined,
  loras?: readonly LoraOption[],
): Settings {
  const {
    width: _width,
    height: _height,
    extend: _extend,
    hires: _hires,
    ...own
  } = settingsOf(picture, options, loras);
  const { prompt, strength, blur, content } = form;
  return {
    ...own,
    prompt,
    num_images: form.numImages,
    seed: undefined,
    init: { from_image: picture.output.id, strength },
    mask: { asset_id: maskId, blur, content, ...(form.isOnlyPainted && { padding: PADDING }) },
  };
}
