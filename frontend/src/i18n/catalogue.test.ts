import { expect, test } from "vitest";
import type { Forms } from "./catalogue";
import { de } from "./de";
import { EN } from "./en";
import { zh } from "./zh";

const OTHERS = { de, zh };
const entries = Object.values(EN).flat() as (string | readonly [string, string])[];
const keyOf = (entry: string | readonly string[]) => (typeof entry === "string" ? entry : (entry[1] ?? ""));
const keys = entries.map(keyOf).sort();
const plurals = new Set(entries.filter((entry) => typeof entry !== "string").map(keyOf));

function names(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ""))].sort();
}

const textsOf = (value: string | Forms): string[] => (typeof value === "string" ? [value] : Object.values(value));

test("no English text stands in two lists, and none is empty", () => {
  expect(keys.filter((key, at) => key === keys[at + 1])).toEqual([]);
  expect(entries.flat().filter((text) => text.trim() === "")).toEqual([]);
});

for (const [language, texts] of Object.entries(OTHERS)) {
  test(`${language} has the texts of English, and no other`, () => {
    expect(Object.keys(texts).sort()).toEqual(keys);
  });

  test(`${language} has no empty text, and the names in braces of English`, () => {
    for (const [key, value] of Object.entries(texts))
      for (const text of textsOf(value)) {
        expect(text.trim(), key).not.toBe("");
        const allowed = plurals.has(key) ? [...names(key), "count"] : names(key);
        expect(allowed, `${key}: ${text}`).toEqual(expect.arrayContaining(names(text)));
        if (!plurals.has(key)) expect(names(text), key).toEqual(names(key));
      }
  });

  test(`${language} has a form for each of its plural rules`, () => {
    const rules = [...new Intl.PluralRules(language).resolvedOptions().pluralCategories].sort();
    const withForms = Object.entries(texts).filter(([, value]) => typeof value !== "string");
    expect(withForms.map(([key]) => key).sort()).toEqual([...plurals].sort());
    for (const [key, forms] of withForms) expect(Object.keys(forms).sort(), key).toEqual(rules);
  });
}

test("the two forms of English have the same names, but the number", () => {
  for (const [one, other] of entries.filter((entry) => typeof entry !== "string")) {
    expect(names(other).filter((name) => name !== "count")).toEqual(names(one).filter((name) => name !== "count"));
  }
});
