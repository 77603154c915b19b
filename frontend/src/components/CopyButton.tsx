"use client";
import { CheckIcon, CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { t } from "@/i18n/t";
import { notify } from "@/lib/notify";

const THANKS_MS = 1600;

/** Copies `text` to the clipboard and confirms it. */
export function CopyButton({ label, text, className }: { label: string; text: string; className?: string }) {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), THANKS_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);

  async function copy(button: HTMLElement) {
    if (await copied(text, button)) setIsCopied(true);
    else notify("error", t("The browser does not let this page copy. Select the text and copy it by hand."));
  }

  return (
    <>
      <Tip label={isCopied ? t("Copied") : label}>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={label}
          onClick={(event) => copy(event.currentTarget)}
          className={className}
        >
          {isCopied ? <CheckIcon aria-hidden className="text-primary" /> : <CopyIcon aria-hidden />}
        </Button>
      </Tip>
      <span role="status" className="sr-only">
        {isCopied ? t("Copied") : ""}
      </span>
    </>
  );
}

/** Over plain http from another machine there is no clipboard interface; the old command still works there, on a text
 * field next to the button (everything outside an open dialog is out of reach). */
async function copied(text: string, button: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "sr-only";
    button.after(field);
    field.select();
    const isDone = document.execCommand("copy");
    field.remove();
    button.focus();
    return isDone;
  }
}
