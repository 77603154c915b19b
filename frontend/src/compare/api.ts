/** The comparison's calls. All throw Refused, Unreachable. */
import { API_URL, answer, api } from "@/api/client";
import { type Plan, sharedSettings } from "./plan";

/** The id of the job that was accepted. */
export async function requestComparison({ prompts, seeds, variants, settings }: Plan): Promise<string> {
  const body = {
    ...(settings && sharedSettings(settings)),
    prompts: [...prompts],
    seeds: [...seeds],
    variants: variants.map(({ loras, ...model }) => ({ ...model, ...(loras && { loras: [...loras] }) })),
  };
  const accepted = await answer(api.POST("/api/compare", { body }));
  return accepted.job_id;
}

/** The labeled contact sheet, as a file. */
export function sheetAddress(id: string): string {
  return `${API_URL}/api/jobs/${id}/contact-sheet`;
}
