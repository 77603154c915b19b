"use client";
import { useQuery } from "@tanstack/react-query";
import { CircleAlertIcon, CircleCheckIcon } from "lucide-react";
import { useLoras, useOptions } from "@/api/catalog";
import { API_URL, answer, api, Refused } from "@/api/client";
import { t } from "@/i18n/t";
import { errorText } from "@/lib/words/error-text";
import { sizeWords } from "@/lib/words/quantities";
import { Workers } from "./Workers";

const EVERY_MS = 3_000;

/** Whether the server can make pictures now, why not, and its base model and LoRAs. */
export function Server() {
  const ready = useQuery({
    queryKey: ["operator", "ready"],
    queryFn: fetchReason,
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const reason = ready.error ? errorText(ready.error) : (ready.data ?? null);
  return (
    <section aria-labelledby="server" className="space-y-5">
      <h2 id="server" className="sr-only">
        {t("Server")}
      </h2>
      {!ready.isPending && (
        <div role="status" className="flex items-start gap-3 rounded-3xl border bg-card px-5 py-4">
          {reason === null ? (
            <CircleCheckIcon aria-hidden className="mt-0.5 size-5 shrink-0 text-primary" />
          ) : (
            <CircleAlertIcon aria-hidden className="mt-0.5 size-5 shrink-0 text-destructive" />
          )}
          <div className="min-w-0 space-y-0.5">
            <p className="font-medium">
              {reason === null ? t("Ready to make pictures") : t("Not ready to make pictures")}
            </p>
            <p className="break-words text-muted-foreground text-sm">
              {reason ?? t("The model is loaded, the database answers, pictures can be stored.")}
            </p>
          </div>
        </div>
      )}
      <Facts />
      <Workers />
      <p className="text-muted-foreground text-sm">
        {t("Prometheus metrics:")}{" "}
        <a href={`${API_URL}/metrics`} className="text-primary underline underline-offset-2">
          /metrics
        </a>
      </p>
    </section>
  );
}

/** Why the server is not ready; null where it is. Throws Unreachable. */
async function fetchReason(): Promise<string | null> {
  try {
    await answer(api.GET("/readyz"));
    return null;
  } catch (error) {
    if (error instanceof Refused) return errorText(error);
    throw error;
  }
}

function Facts() {
  const options = useOptions().data;
  const loras = useLoras().data;
  if (!options) return null;
  const rows = [
    [t("Base model"), options.base_model],
    ["SHA-256", options.base_model_sha256 ?? t("being computed")],
    [t("Native size"), sizeWords(options.native_width, options.native_height)],
    [
      "LoRAs",
      loras
        ? t("{count}, {resident} in memory", {
            count: loras.length,
            resident: loras.filter(({ resident }) => resident).length,
          })
        : "…",
    ],
    [t("Default LoRA"), options.defaults.model_name ?? t("none")],
  ] as const;
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-8 gap-y-3 rounded-3xl border bg-card px-5 py-4 text-sm">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted-foreground">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
