"use client";
import { Fragment, type ReactNode, useEffect, useLayoutEffect } from "react";
import { showFirstLanguage, TAGS, useLanguage } from "./language";
import { tName } from "./t";

const SITE = " · LoRA Studio";

/** The page in the language of its reader. It is hydrated in English, then rendered anew before it is seen. */
export function Translated({ children }: { children: ReactNode }) {
  const shown = useLanguage();
  const { language } = shown;
  useEffect(() => void showFirstLanguage(), []);
  useLayoutEffect(() => {
    const html = document.documentElement;
    if (shown === useLanguage.getInitialState()) return; // nothing is decided yet
    html.lang = TAGS[language];
    delete html.dataset.translating;
    return keepTitle();
  }, [shown, language]);
  return <Fragment key={language}>{children}</Fragment>;
}

/** Translates the window's title, which comes in English with each page. Returns how to stop. */
function keepTitle(): () => void {
  let english = document.title;
  let own = english;
  const translate = () => {
    if (document.title === own) return;
    english = document.title;
    own = english.endsWith(SITE) ? tName(english.slice(0, -SITE.length)) + SITE : english;
    document.title = own;
  };
  own = "";
  translate();
  const observer = new MutationObserver(translate);
  observer.observe(document.head, { childList: true, subtree: true, characterData: true });
  return () => {
    observer.disconnect();
    if (document.title === own) document.title = english;
  };
}
