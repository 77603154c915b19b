import { describe, expect, it } from "vitest";
import { markUnknown } from "./words";

const KNOWN = new Set(["woman", "red", "dress", "beach", "don't", "straße"]);
const unknownIn = (prompt: string) =>
  markUnknown(prompt, KNOWN)
    .filter((segment) => segment.isUnknown)
    .map((segment) => segment.text);

describe("markUnknown", () => {
  it.each([
    ["woman, red dress", []],
    ["Woman in a RED dress", ["in", "a"]],
    ["astronaut,beach", ["astronaut"]],
    ["don't, don\u2019t, don''t", ["don", "t"]],
    ["red_dress 3 reds2 (woman:1.2)", ["reds"]],
    ["STRASSE Straße 雪 x²", ["STRASSE", "雪", "x²"]],
    ["red <lora:ghost:0.8> dress, (reds:1.3) [ghost]", ["reds", "ghost"]],
    ["<lora:ghost>, <LORA:ink wash:1>beach <lora:unclosed", ["lora", "unclosed"]],
    ["", []],
  ])("finds the unknown words of %j", (prompt, unknown) => {
    expect(unknownIn(prompt)).toEqual(unknown);
  });

  it.each(["", "red", "  fox, red\nfox!  ", "🦊 fox’s red", "fox  <lora:🦊:1> fox"])(
    "loses no character of %j",
    (prompt) => {
      const segments = markUnknown(prompt, KNOWN);
      expect(segments.map((segment) => segment.text).join("")).toBe(prompt);
      expect(segments.every((segment) => segment.text.length > 0)).toBe(true);
    },
  );
});
