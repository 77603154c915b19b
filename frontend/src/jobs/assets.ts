/** Pictures that the visitor brings: sent to the server, which keeps them for a while. */

import { answer, api } from "@/api/client";
import type { Asset } from "@/api/types";
import { t } from "@/i18n/t";
import { fileSize } from "@/lib/words/quantities";

const TIMEOUT_MS = 60_000;

/** `maxBytes`: what the server takes; undefined until that is known. Throws Refused, Unreachable, and an Error with a
 * sentence for people. */
export async function uploadAsset(file: Blob, maxBytes?: number): Promise<Asset> {
  if (maxBytes !== undefined && file.size > maxBytes) {
    throw new Error(
      t("This picture has {size}. The server takes up to {max}.", {
        size: fileSize(file.size),
        max: fileSize(maxBytes),
      }),
    );
  }
  return answer(
    api.POST("/api/assets", {
      body: file as never,
      bodySerializer: (body) => body as unknown as Blob,
      headers: { "Content-Type": file.type || "application/octet-stream" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }),
  );
}
