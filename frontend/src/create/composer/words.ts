/** Which words of a prompt a demo model was not trained on, by the server's own rule (pipelines/prompt/analysis.py). */

import { LORA_TAG } from "@/settings/loras";

export interface Segment {
  text: string;
  isUnknown: boolean;
}

const WORD = /[\p{L}\p{Nl}\p{No}]+(?:['\u2019][\p{L}\p{Nl}\p{No}]+)*/gu;

/** The prompt in pieces that join to it again. `known` holds lower case words. The names of LoRAs are no words. */
export function markUnknown(prompt: string, known: ReadonlySet<string>): Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  const words = prompt.replace(LORA_TAG, (tag) => " ".repeat(tag.length));
  for (const match of words.matchAll(WORD)) {
    const word = match[0];
    if (known.has(word.toLowerCase().replaceAll("\u2019", "'"))) continue;
    if (match.index > end) segments.push({ text: prompt.slice(end, match.index), isUnknown: false });
    segments.push({ text: word, isUnknown: true });
    end = match.index + word.length;
  }
  if (end < prompt.length) segments.push({ text: prompt.slice(end), isUnknown: false });
  return segments;
}
