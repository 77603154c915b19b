/** Upload of a LoRA file. fetch reports no upload progress, so this is an XMLHttpRequest. */

import { API_URL, answer, csrfToken, Unreachable } from "@/api/client";
import type { LoraOption } from "@/api/types";
import { t } from "@/i18n/t";

export interface Upload {
  /** The LoRA as the server lists it now. Rejects with Refused, Unreachable; with an AbortError if it was cancelled. */
  readonly done: Promise<LoraOption>;
  cancel(): void;
}

/** Sends `file` as the LoRA `label`. `onSent` receives the number of bytes sent; the server checks the file after the last. */
export function uploadLora(label: string, file: File, onSent: (sent_bytes: number) => void): Upload {
  const call = new XMLHttpRequest();
  const answered = new Promise<{ data?: LoraOption; error?: unknown; response: Response }>((resolve, reject) => {
    call.upload.onprogress = (event) => onSent(Math.min(event.loaded, file.size));
    call.onload = () => resolve(read(call));
    call.onerror = () => reject(new Unreachable());
    call.onabort = () => reject(new DOMException("cancelled", "AbortError"));
  });
  call.open("PUT", `${API_URL}/api/loras/${encodeURIComponent(label)}`);
  call.setRequestHeader("Content-Type", "application/octet-stream");
  const token = csrfToken();
  if (token) call.setRequestHeader("x-csrftoken", token);
  call.send(file);
  return { done: answer(answered), cancel: () => call.abort() };
}

function read(call: XMLHttpRequest) {
  const response = new Response(null, { status: call.status });
  let body: unknown;
  try {
    body = JSON.parse(call.responseText);
  } catch {
    body = undefined; // a proxy's page: the status is reported
  }
  return response.ok ? { data: body as LoraOption, response } : { error: body, response };
}

const ENDING = /\.safetensors$/i;

const ALLOWED = /^(?!\.)[A-Za-z0-9_.-]{1,64}$/;
const VERSION = /-v([0-9]+(?:\.[0-9]+)*)$/;
/** What trainers and people write into names besides the name. */
const NOISE = /\([^)]*\)|\[[^\]]*\]|\b(?:final|epoch|step|steps|lora|sdxl|xl)\b|\b\d{3,}\b/gi;

/** A name and version for a file, `jade-v2` for `jade-v2.safetensors`, `jade-woman` and `1` for
 * `Jade Woman (final) epoch 10.safetensors`; null if the file name is not a LoRA file's. */
export function suggestedLabel(filename: string): Label | null {
  const stem = ENDING.test(filename) ? filename.replace(ENDING, "").trim() : "";
  if (stem === "") return null;
  const [, version] = VERSION.exec(stem) ?? [];
  const name = stem.replace(VERSION, "");
  if (ALLOWED.test(stem)) return { name, version: version ?? "" };
  const words = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(NOISE, " ")
    .replace(/\b\d+\b/g, " ");
  const slug = words
    .replace(/[^a-z0-9_.]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 48);
  return { name: slug, version: version ?? "1" };
}

export interface Label {
  readonly name: string;
  /** Empty: none. */
  readonly version: string;
}

/** `jade-v2`, `jade`. */
export function labelText({ name, version }: Label): string {
  return version.trim() === "" ? name.trim() : `${name.trim()}-v${version.trim()}`;
}

/** Why the server would refuse the name; null where it would not. */
export function labelProblem(label: Label): string | null {
  if (label.name.trim() === "") return t("Name it.");
  if (!/^([0-9]+(\.[0-9]+)*)?$/.test(label.version.trim())) return t("A version is a number like 2 or 1.5.");
  if (!ALLOWED.test(labelText(label))) return t("Use up to 64 letters, digits, dots, underscores and hyphens.");
  return labelText(label) === "base" ? t("The name base stands for no LoRA.") : null;
}

const MAX_HEADER_BYTES = 33_554_432n;

/** True if the file begins as a safetensors file does: with the size of its header. */
export async function isSafetensors(file: Blob): Promise<boolean> {
  if (file.size < 10) return false;
  const head = new DataView(await file.slice(0, 9).arrayBuffer());
  const header_bytes = head.getBigUint64(0, true);
  return header_bytes <= MAX_HEADER_BYTES && header_bytes <= BigInt(file.size - 8) && head.getUint8(8) === 0x7b;
}

/** The LoRA with the very same bytes; null: there is none, or this browser cannot compute it. */
export async function findSame(file: Blob, loras: readonly LoraOption[]): Promise<LoraOption | null> {
  const candidates = loras.filter(({ bytes }) => bytes === file.size);
  if (candidates.length === 0 || !globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return candidates.find((lora) => lora.sha256 === sha256) ?? null;
}
