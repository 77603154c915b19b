/** The types of the catalogues. `en` lists the texts as they stand in the code; the other languages are tables of them. */
import type { EN } from "./en";

/** A text, or its forms for one and for other numbers. */
type Entry = string | readonly [one: string, other: string];

/** A text for each rule of the language (Intl.PluralRules). */
export type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

/** A translation of the list. */
export type Translation<List extends readonly Entry[]> = {
  readonly [Each in Extract<List[number], string>]: string;
} & { readonly [Each in Extract<List[number], readonly string[]> as Each[1]]: Forms };

type Any = (typeof EN)[keyof typeof EN][number];
export type Text = Extract<Any, string>;
export type Plural = Extract<Any, readonly string[]>;
/** A language's whole catalogue. */
export type Texts = Readonly<Record<string, string | Forms>>;
