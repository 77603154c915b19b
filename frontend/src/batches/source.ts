/** What a batch is made from: prompts, one a line, with the settings of all, or a file. Pure. */
import type { GenerateRequest } from "@/api/types";
import type { Settings } from "@/settings/settings";

export interface Source {
  readonly body: Blob;
  /** Of the file; empty for typed prompts. */
  readonly name: string;
  /** What it was made from: a check belongs to the source with the same key. */
  readonly key: string;
}

const TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  tsv: "text/csv",
  json: "application/json",
  jsonl: "application/x-ndjson",
  ndjson: "application/x-ndjson",
};

/** Endings of the files that can be chosen. */
export const FILE_ENDINGS = [...Object.keys(TYPES).map((ending) => `.${ending}`), ".txt"].join(",");

/** The prompts of a text; blank lines are none. */
export function promptsOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

export function sourceOfPrompts(prompts: readonly string[], settings: Settings): Source {
  const requests: GenerateRequest[] = prompts.map((prompt) => ({ ...settings, prompt }));
  const text = JSON.stringify(requests);
  return { body: new Blob([text], { type: "application/json" }), name: "", key: text };
}

/** Null: a text file, whose lines are prompts. */
export function sourceOfFile(file: File): Source | null {
  const ending = file.name.split(".").at(-1)?.toLowerCase() ?? "";
  if (ending === "txt") return null;
  const type = TYPES[ending] ?? "application/octet-stream";
  return {
    body: file.slice(0, file.size, type),
    name: file.name.replace(/\.[^.]*$/, ""),
    key: `${file.name} ${file.size} ${file.lastModified}`,
  };
}
