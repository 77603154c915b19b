"use client";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";

/** The last resort: what the page itself could not handle. */
export default function PageError() {
  return (
    <main role="alert" className="mx-auto flex max-w-lg flex-col items-start gap-4 px-6 py-24">
      <h1 className="font-semibold text-2xl">{t("Something went wrong on this page.")}</h1>
      <p className="text-muted-foreground">{t("Reload the page. Your prompt and pictures are safe.")}</p>
      <Button onClick={() => window.location.reload()}>{t("Reload the page")}</Button>
    </main>
  );
}
