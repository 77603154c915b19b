/** Texts in the language that is shown. In the code they stand in English: that is their key in the other catalogues. */
import { Fragment, type ReactNode } from "react";
import type { Plural, Text } from "./catalogue";
import { locale, shown } from "./language";

/** The names in braces of a text. */
type Names<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Values<T extends string, Value> = [Names<T>] extends [never] ? [] : [Record<Names<T>, Value>];

/** The text, with `{name}` filled in; numbers are written as the language writes them. */
export function t<T extends Text>(text: T, ...[values]: Values<T, string | number>): string {
  return filled(translated(text), values);
}

/** One of two texts by the number `count`, which fills in `{count}`. Other languages have as many forms as they need. */
export function tCount<P extends Plural>(
  count: number,
  one: P[0],
  other: P[1],
  values?: Record<string, string | number>,
): string {
  const forms = shown().texts?.[other];
  const rule = new Intl.PluralRules(shown().language).select(count);
  const text = forms === undefined ? (count === 1 ? one : other) : typeof forms === "string" ? forms : forms[rule];
  return filled(text ?? other, { count, ...values });
}

/** The text with elements of React in the places of its names. */
export function tRich<T extends Text>(text: T, values: Record<Names<T>, ReactNode>): ReactNode {
  return translated(text)
    .split(PLACE)
    .map((part, at) => {
      const value = at % 2 === 1 ? values[part as Names<T>] : part;
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text keep their places
      return <Fragment key={at}>{typeof value === "number" ? tNumber(value) : value}</Fragment>;
    });
}

/** A name that the server gives, a shape's or a style's, where the catalogue has it. */
export function tName(name: string): string {
  return translated(name);
}

export function tNumber(value: number, options: Intl.NumberFormatOptions = { maximumFractionDigits: 6 }): string {
  return value.toLocaleString(locale(), options);
}

const PLACE = /\{(\w+)\}/;

function translated(text: string): string {
  const found = shown().texts?.[text];
  return typeof found === "string" ? found : text;
}

function filled(text: string, values: Record<string, string | number> | undefined): string {
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (place, name) => {
    const value = values[name];
    return typeof value === "number" ? tNumber(value) : (value ?? place);
  });
}

/** The choices of a list with their labels and notes translated: for lists that stand in the code. */
export function tItems<Item extends { label: string; note?: string }>(items: readonly Item[]): Item[] {
  return items.map((item) => ({ ...item, label: tName(item.label), ...(item.note && { note: tName(item.note) }) }));
}
