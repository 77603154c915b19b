"use client";
import { useState } from "react";
import { useEmbeddings } from "@/api/catalog";
import type { Options } from "@/api/types";
import { Choice } from "@/components/form/Choice";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";
import { t, tCount } from "@/i18n/t";

type Place = "prompt" | "negative_prompt";

/** Embeddings to put into the prompt or the negative prompt. */
export function EmbeddingFields({ options }: { options: Options }) {
  const { request, set } = useForm();
  const embeddings = useEmbeddings().data;
  const [place, setPlace] = useState<Place>("prompt");
  if (!embeddings?.length || request.prompt_syntax === "plain") return null;
  const text = request[place] ?? options.defaults.negative_prompt;
  return (
    <section className="space-y-3" aria-label={t("Embeddings")}>
      <p className="font-medium text-sm" aria-hidden>
        {t("Embeddings")}
      </p>
      <Choice
        legend={t("Add to")}
        items={[
          { value: "prompt", label: t("Prompt") },
          { value: "negative_prompt", label: t("Negative prompt") },
        ]}
        value={place}
        onChange={setPlace}
      />
      <ul className="flex max-h-40 flex-wrap gap-2 overflow-y-auto" aria-label={t("Embeddings")}>
        {embeddings.map(({ name, written, num_vectors }) => (
          <li key={name}>
            <Button
              variant="outline"
              title={`${written}: ${tCount(num_vectors, "1 token", "{count} tokens")}`}
              onClick={() => set({ [place]: [text.trimEnd(), written].filter(Boolean).join(", ") })}
            >
              {name}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
