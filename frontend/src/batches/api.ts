/** The calls about batches. All throw Refused, Unreachable. */
import { API_URL, answer, api } from "@/api/client";
import type { AcceptedBatch } from "@/api/types";
import { accept } from "@/jobs/requests";
import type { Source } from "./source";

const CHECK_WITHIN_MS = 120_000;

function body(source: Source) {
  return {
    body: source.body as never,
    bodySerializer: (sent: unknown) => sent as Blob,
    headers: { "Content-Type": source.body.type },
  };
}

/** What would be made, and what is wrong. */
export function checkBatch(source: Source): Promise<AcceptedBatch> {
  const signal = AbortSignal.timeout(CHECK_WITHIN_MS);
  return answer(api.POST("/api/batches", { params: { query: { dry_run: true } }, ...body(source), signal }));
}

/** Makes the lines that are right. The id of the batch. */
export async function sendBatch(source: Source): Promise<string> {
  const query = { partial: true, ...(source.name && { name: source.name.slice(0, 128) }) };
  const { headers, ...sent } = body(source);
  const accepted = await accept((once) =>
    api.POST("/api/batches", { params: { query }, ...sent, ...once, headers: { ...headers, ...once.headers } }),
  );
  return accepted.batch_id ?? "";
}

export function batchFile(id: string, file: "zip" | "manifest"): string {
  return `${API_URL}/api/batches/${id}/${file}`;
}
