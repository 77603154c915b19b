/** Upload of a LoRA file. fetch reports no upload progress, so this is an XMLHttpRequest. */
import { API_URL, answer, csrfToken, Unreachable } from "@/api/client";
import type { LoraOption } from "@/api/types";

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

/** The LoRA name for a file, `jade-v2` for `jade-v2.safetensors`; null if the file name is not a LoRA file's. */
export function labelOf(filename: string): string | null {
  return ENDING.test(filename) ? filename.replace(ENDING, "").trim() || null : null;
}
