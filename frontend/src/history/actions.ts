/** What is done with a picture that leads to another one. */
import { answer, api } from "@/api/client";
import type { Options } from "@/api/types";
import { notify } from "@/components/notify";
import { toQuery } from "@/settings/settings";
import { remember } from "@/jobs/recent";
import { formOf, type HistoryPicture } from "./items";

/** Asks for the picture's whole job once more, with its own seed (the same pictures) or a new one (others), and leads
 * to the create page, where they appear. */
export async function makeAgain({ job }: HistoryPicture, seed: "same" | "new"): Promise<void> {
  try {
    const accepted = await answer(
      api.POST("/api/jobs/{job_id}/again", { params: { path: { job_id: job.id } }, body: { seed } }),
    );
    const { seed: _seed, ...others } = job.request;
    const request = seed === "same" ? job.request : others;
    remember({ id: accepted.job_id, askedAt_ms: Date.now(), request, width: job.width, height: job.height });
    window.location.assign("/");
  } catch (error) {
    notify("error", error instanceof Error ? error.message : String(error));
  }
}

/** The create page with the settings of this picture in its form. */
export function formAddress(picture: HistoryPicture, options: Options | undefined): string {
  return `/?${toQuery(formOf(picture, options))}`;
}

/** Saves the pictures as one zip. Throws Refused, Unreachable. */
export async function downloadZip(ids: readonly string[]): Promise<void> {
  const zip = await answer(api.POST("/api/images/zip", { body: { ids: [...ids] }, parseAs: "blob" }));
  const address = URL.createObjectURL(zip as unknown as Blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = `pictures-${new Date().toISOString().slice(0, 10)}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
