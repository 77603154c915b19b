/** The language of the page: which one is shown, its texts, how to change it. */
import { create } from "zustand";
import type { Texts } from "./catalogue";
import { firstLanguage } from "./first-language";

export type Language = ReturnType<typeof firstLanguage>;

/** By their own names. */
export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch", zh: "简体中文" };
/** For `lang` in HTML. */
export const TAGS: Readonly<Record<Language, string>> = { en: "en", de: "de", zh: "zh-Hans" };
const KEY = "lora-studio:language";
const CATALOGUES = {
  de: () => import("./de").then((part) => part.de),
  zh: () => import("./zh").then((part) => part.zh),
};

interface Shown {
  readonly language: Language;
  /** Null in English: the code has the texts. */
  readonly texts: Texts | null;
}

/** English until the page is hydrated, as in its HTML. */
export const useLanguage = create<Shown>()(() => ({ language: "en", texts: null }));
export const shown = useLanguage.getState;

const isBrowser = typeof window !== "undefined";
const first: Promise<Shown> | null = isBrowser ? loaded(firstLanguage()) : null;
first?.catch(() => {}); // handled where it is awaited

/** To be called once the page is hydrated. English stays where the texts of the language cannot be loaded. */
export async function showFirstLanguage(): Promise<void> {
  const start = await first?.catch(() => null);
  useLanguage.setState({ ...(start ?? shown()) }, true);
}

/** Changes the language, now and for later visits. Rejects where its texts cannot be loaded. */
export async function chooseLanguage(language: Language): Promise<void> {
  const chosen = await loaded(language);
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // storage is forbidden: until the page is left
  }
  useLanguage.setState(chosen);
}

/** For Intl: the browser's own variant of the language (`en-GB`, `de-AT`), where it has one. */
export function locale(): string {
  const { language } = shown();
  if (language === "zh") return "zh-CN";
  const own = isBrowser ? navigator.languages.find((each) => each.slice(0, 2).toLowerCase() === language) : undefined;
  return own ?? language;
}

async function loaded(language: Language): Promise<Shown> {
  return { language, texts: language === "en" ? null : await CATALOGUES[language]() };
}
