"use client";
import { LanguagesIcon } from "lucide-react";
import { notify } from "@/lib/notify";
import { chooseLanguage, LANGUAGES, type Language, TAGS, useLanguage } from "./language";
import { t } from "./t";

/** The language of the page, each by its own name: a line of the account menu. */
export function LanguageChoice() {
  const { language } = useLanguage();

  async function choose(wanted: Language) {
    try {
      await chooseLanguage(wanted);
    } catch {
      notify("error", t("This part of the page could not be loaded. Reload the page."));
    }
  }

  return (
    <label className="flex items-center gap-2 rounded-xl px-3 py-1 text-sm hover:bg-muted">
      <LanguagesIcon aria-hidden className="size-4 text-muted-foreground" />
      <span className="sr-only">{t("Language")}</span>
      <select
        value={language}
        onChange={({ target }) => void choose(target.value as Language)}
        className="h-8 pointer-coarse:h-11 min-w-0 flex-1 cursor-pointer rounded-lg bg-transparent"
      >
        {Object.entries(LANGUAGES).map(([each, name]) => (
          <option key={each} value={each} lang={TAGS[each as Language]} className="bg-popover text-popover-foreground">
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
