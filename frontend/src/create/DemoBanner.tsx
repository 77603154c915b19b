"use client";
import { useOptions } from "@/api/catalog";
import { PopoverTrigger } from "@/components/PopoverTrigger";
import { t } from "@/i18n/t";

/** Notice that the server runs the small demo model, with the words that the model knows. */
export function DemoBanner() {
  const options = useOptions().data;
  if (!options?.is_demo) return null;
  const words = options.known_words ?? [];
  return (
    <aside aria-label={t("Demo model")} className="border-t pt-4 text-muted-foreground text-xs">
      {t("Demo model: small pictures, {count} words. Add an SDXL checkpoint for real ones.", { count: words.length })}{" "}
      <PopoverTrigger
        label={t("See the words")}
        panelLabel={t("Words that the demo model knows")}
        className="rounded-full px-1 py-0.5 font-medium text-foreground underline underline-offset-2 hover:bg-muted"
        face={t("See the words")}
      >
        <p className="px-1 pb-2 font-medium text-sm">{t("Words that the demo model knows")}</p>
        <p className="px-1 text-muted-foreground text-sm leading-relaxed">{words.join(", ")}</p>
      </PopoverTrigger>
    </aside>
  );
}
