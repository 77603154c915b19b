/** What went wrong when asking for pictures, in words for the visitor. Pure. */
import { type FieldProblem, Refused, Unreachable } from "@/api/client";
import { sentence } from "./sentence";

export interface Trouble {
  title: string;
  details: readonly string[];
  /** Seconds after which asking again makes sense; null where waiting does not help. */
  retryAfterS: number | null;
  /** The fields to blame, by the API's names. */
  fields: readonly string[];
  /** Who has an account may not meet it. */
  isForVisitors?: boolean;
}

const LABELS: Record<string, string> = {
  prompt: "Prompt",
  negative_prompt: "Negative prompt",
  model_name: "LoRA",
  model_weight: "LoRA weight",
  num_images: "Pictures",
  width: "Width",
  height: "Height",
  steps: "Steps",
  quality: "Quality",
  guidance_scale: "Guidance",
  sampler: "Sampler",
  seed: "Seed",
  style: "Style",
  format: "Format",
};

export const NO_PROMPT: Trouble = {
  title: "Say what you would like to see.",
  details: ["A few words are enough, for example: jade woman, red dress, beach sunset."],
  retryAfterS: null,
  fields: ["prompt"],
};

export function troubleOf(error: unknown): Trouble {
  if (error instanceof Unreachable) {
    return {
      title: error.message,
      details: [
        error.mayHaveAccepted
          ? "It may have accepted this all the same: look below before trying again. Your prompt is kept."
          : "Your prompt is kept: try again in a moment.",
      ],
      retryAfterS: 3,
      fields: [],
    };
  }
  if (error instanceof Refused) return troubleOfRefusal(error);
  return { title: "Something went wrong on this page.", details: [String(error)], retryAfterS: null, fields: [] };
}

function troubleOfRefusal(error: Refused): Trouble {
  const { status, kind, retryAfterS } = error;
  if (status === 429) {
    // what follows says when, as it is now and not as it was
    const reason = error.message.split(";")[0] ?? "";
    const details = [sentence(reason), "Your prompt is kept."];
    return { title: "You have reached a limit.", details, retryAfterS, fields: [], isForVisitors: true };
  }
  if (status === 503) {
    const isFull = kind === "queue-full";
    return {
      title: isFull ? "Many people are making pictures right now." : sentence(error.message),
      details: [isFull ? "The queue is full. Your prompt is kept." : "Your prompt is kept."],
      retryAfterS: retryAfterS ?? 10,
      fields: [],
    };
  }
  if (status === 401) {
    const details = ["Your prompt is kept."];
    return { title: sentence(error.message), details, retryAfterS, fields: [], isForVisitors: true };
  }
  const fields = error.fields.map(({ field }) => field);
  const title = error.fields.length > 0 ? "This cannot be made as it is." : sentence(error.message);
  return { title, details: error.fields.map(ofField), retryAfterS, fields };
}

function ofField({ field, detail, allowed }: FieldProblem): string {
  const name = LABELS[field] ?? field;
  return `${name}: ${detail}${allowed ? `. Allowed: ${allowed}` : ""}.`;
}
