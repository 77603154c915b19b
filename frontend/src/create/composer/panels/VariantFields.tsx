"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useWildcards } from "@/api/catalog";
import { answer, api } from "@/api/client";
import { Choice } from "@/components/form/Choice";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";
import { t, tCount } from "@/i18n/t";
import { useRested } from "@/lib/use-rested";

const NUM_SHOWN = 4;
const TIMEOUT_MS = 8_000;

/** Wildcards to put into the prompt, and what a prompt that varies becomes. */
export function VariantFields() {
  const { request, set } = useForm();
  const wildcards = useWildcards().data;
  const varies = request.prompt_syntax !== "plain" && /\{.*\}|__\S+__/s.test(request.prompt);
  if (!varies && !wildcards?.length) return null;
  return (
    <section className="space-y-3" aria-label={t("Variants and wildcards")}>
      <p className="font-medium text-sm">{t("Variants and wildcards")}</p>
      {wildcards && wildcards.length > 0 && (
        <ul className="flex max-h-40 flex-wrap gap-2 overflow-y-auto" aria-label={t("Wildcards")}>
          {wildcards.map(({ name, num_values, values }) => (
            <li key={name}>
              <Button
                variant="outline"
                title={tCount(num_values, "1 value: {values}", "{count} values: {values}", {
                  values: values.slice(0, 5).join(", "),
                })}
                onClick={() => set({ prompt: [request.prompt.trimEnd(), `__${name}__`].filter(Boolean).join(", ") })}
              >
                {name}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {varies && (
        <>
          <Choice
            legend={t("Variants")}
            items={[
              { value: "random", label: t("By the seed") },
              { value: "combinatorial", label: t("One after the other") },
            ]}
            value={request.expansion ?? "random"}
            onChange={(value) => set({ expansion: value === "random" ? undefined : value })}
          />
          <Preview />
        </>
      )}
    </section>
  );
}

function Preview() {
  const { request } = useForm();
  const body = {
    prompt: request.prompt,
    expansion: request.expansion ?? "random",
    seed: Number(request.seed ?? 0),
    num_prompts: NUM_SHOWN,
  } as const;
  const rested = useRested(JSON.stringify(body));
  const shown = useQuery({
    queryKey: ["expansions", rested],
    queryFn: () => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return answer(api.POST("/api/prompts/expand", { body: JSON.parse(rested), signal }));
    },
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (shown.isError) return <p className="text-destructive text-xs">{shown.error.message}</p>;
  if (!shown.data) return null;
  const { prompts, num_combinations } = shown.data;
  return (
    <div className="space-y-1 text-muted-foreground text-xs" aria-live="polite">
      <p>
        {request.seed == null && request.expansion !== "combinatorial"
          ? tCount(num_combinations, "1 combination, for example:", "{count} combinations, for example:")
          : tCount(num_combinations, "1 combination:", "{count} combinations:")}
      </p>
      <ul className="list-disc space-y-1 pl-4" aria-label={t("What the prompt becomes")}>
        {prompts.map((prompt, n) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two pictures may have the same words
          <li key={n} className="break-words">
            {prompt}
          </li>
        ))}
      </ul>
    </div>
  );
}
