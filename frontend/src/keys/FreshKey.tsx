"use client";
import { KeyRoundIcon } from "lucide-react";
import { useEffect, useRef } from "react";
import { API_URL } from "@/api/client";
import type { NewKey } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";

/** A key that was just made: the only time that it is shown. */
export function FreshKey({ fresh, onDone }: { fresh: NewKey; onDone: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with every new key
  useEffect(() => heading.current?.focus(), [fresh.id]);
  const address = `${API_URL || window.location.origin}/api/generate`;
  const curl = `curl ${address} \\
  -H 'Authorization: Bearer ${fresh.key}' \\
  -H 'Content-Type: application/json' \\
  -d '{"prompt": "red dress, beach sunset"}'`;
  return (
    <section aria-labelledby="fresh" className="space-y-4 rounded-2xl border border-primary/40 bg-accent/60 p-5 sm:p-6">
      <h2
        ref={heading}
        id="fresh"
        tabIndex={-1}
        className="flex items-center gap-2 font-semibold text-base outline-none"
      >
        <KeyRoundIcon aria-hidden className="size-4 text-primary" />
        {t("{name}: copy your key now", { name: fresh.name })}
      </h2>
      <p className="text-sm">{t("You won't see it again.")}</p>
      <Copied label={t("Copy the key")} text={fresh.key} />
      <Copied label={t("Copy the command")} text={curl} />
      <Button variant="outline" onClick={onDone}>
        {t("I have copied it")}
      </Button>
    </section>
  );
}

function Copied({ label, text }: { label: string; text: string }) {
  return (
    <div className="flex items-start gap-2 rounded-xl border bg-card py-1.5 pr-1.5 pl-4">
      <pre className="min-w-0 flex-1 whitespace-pre-wrap break-all py-1.5 font-mono text-xs leading-relaxed">
        {text}
      </pre>
      <CopyButton label={label} text={text} />
    </div>
  );
}
