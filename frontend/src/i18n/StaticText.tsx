"use client";
import type { Text } from "./catalogue";
import { t } from "./t";

/** A text of a page that is no client component. */
export function StaticText({ text }: { text: Text & PlainText }) {
  return t(text);
}

type PlainText = "Page not found." | "The address may be mistyped, or what it showed is gone." | "Make pictures";
