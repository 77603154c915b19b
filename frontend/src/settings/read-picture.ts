/** The settings inside a picture file. */
import { t } from "@/i18n/t";
import { loadPart } from "@/lib/lazy";
import { readInfotext } from "./infotext";
import type { Known } from "./parameter";
import { type Settings, settingsOfInfotext } from "./settings";

/** The file has no parameters inside; the message says so to people. */
export class NoParameters extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NoParameters";
  }
}

interface Tag {
  value?: unknown;
}

const MAX_FILE_MB = 50;
const MAX_TEXT_CHARACTERS = 20_000;
const UNICODE = "UNICODE\0";
const NO_PICTURE = "This file is not a picture that can be read. PNG, JPEG and WebP files can.";
const COMFY_WORKFLOW =
  "This picture has a workflow of ComfyUI inside, which is not read here. Its settings can be read where the node that saves it writes them as A1111 does.";
const NO_TEXT = "No settings found in this picture. Some apps and websites strip them.";

/** Reads the settings of a PNG, JPEG or WebP of this studio or of a tool that writes like A1111. Throws NoParameters,
 * and an Error with a sentence for people where the code that reads cannot be loaded. */
export async function readPicture(file: File, known: Known): Promise<Settings> {
  if (file.size > MAX_FILE_MB * 1_000_000) {
    throw new NoParameters(
      t("This file is too large: settings are read from pictures of up to {count} MB.", { count: MAX_FILE_MB }),
    );
  }
  const text = await parametersText(file);
  if (text.length > MAX_TEXT_CHARACTERS) {
    throw new NoParameters(
      t("The settings inside this picture are too long: {length} characters, and {most} can be read.", {
        length: text.length,
        most: MAX_TEXT_CHARACTERS,
      }),
    );
  }
  const settings = settingsOfInfotext(readInfotext(text), known);
  if (settings.steps === undefined) throw new NoParameters(t(NO_TEXT));
  return settings;
}

async function parametersText(file: File): Promise<string> {
  const { default: ExifReader } = await loadPart(() => import("exifreader"));
  const bytes = await file.arrayBuffer();
  try {
    const tags = await ExifReader.load(bytes, { async: true, expanded: true });
    const inPng = tags.pngText?.parameters as Tag | undefined;
    const inExif = tags.exif?.UserComment as Tag | undefined;
    const text = inPng ? String(inPng.value) : userComment(inExif?.value);
    if (text || tags.pngText?.workflow === undefined) return text;
  } catch {
    throw new NoParameters(t(NO_PICTURE));
  }
  throw new NoParameters(t(COMFY_WORKFLOW));
}

/** EXIF's UserComment: 8 bytes that name the encoding, then the text; the standard leaves the byte order open. */
function userComment(value: unknown): string {
  if (!Array.isArray(value)) return "";
  const bytes = Uint8Array.from(value as number[]);
  const body = bytes.subarray(UNICODE.length);
  if (new TextDecoder().decode(bytes.subarray(0, UNICODE.length)) !== UNICODE) return new TextDecoder().decode(body);
  const numZeros = (first: 0 | 1) => body.filter((byte, at) => at % 2 === first && byte === 0).length;
  return new TextDecoder(numZeros(0) >= numZeros(1) ? "utf-16be" : "utf-16le").decode(body);
}
