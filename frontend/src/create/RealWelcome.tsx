"use client";
import { useExamples, useLoras } from "@/api/catalog";
import type { GenerateRequest, LoraOption } from "@/api/types";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";
import { EXAMPLES } from "./examples";

const MAX_CARDS = 6;

/** The pictures that the operator has marked; without them the LoRAs of the server as cards, the most used first, each with
 * a prompt to try; prompts alone where there are neither. */
export default function RealWelcome({ onExample }: { onExample: (request: GenerateRequest) => void }) {
  const loras = useLoras().data;
  const marked = useExamples().data;
  if (!loras || !marked) return <div className="min-h-60" aria-hidden />;
  const shown = loras
    .filter((lora) => lora.is_default)
    .sort((a, b) => b.times_used - a.times_used)
    .slice(0, MAX_CARDS);
  if (marked.length > 0) {
    return (
      <ul aria-label={t("Examples")} className="grid grid-cols-2 gap-2 sm:grid-cols-3 sm:gap-3 lg:grid-cols-4">
        {marked.map(({ prompt, model_name, url, width, height }) => (
          <li key={url}>
            <button
              type="button"
              onClick={() => onExample({ prompt, model_name })}
              className="group block w-full space-y-1.5 rounded-xl text-left"
            >
              <img
                src={url}
                alt=""
                width={width}
                height={height}
                className="aspect-square w-full rounded-xl bg-muted object-cover transition-opacity group-hover:opacity-85"
              />
              <span className="line-clamp-2 text-muted-foreground text-xs group-hover:text-foreground">{prompt}</span>
            </button>
          </li>
        ))}
      </ul>
    );
  }
  return (
    <>
      {shown.length > 0 && (
        <ul aria-label={t("LoRAs")} className="grid grid-cols-2 gap-2 sm:grid-cols-3 sm:gap-3 lg:grid-cols-6">
          {shown.map((lora, at) => (
            <li key={lora.label}>
              <LoraCard lora={lora} prompt={EXAMPLES[at % EXAMPLES.length]?.prompt ?? ""} onExample={onExample} />
            </li>
          ))}
        </ul>
      )}
      <ul aria-label={t("Examples")} className="flex flex-wrap gap-2">
        {EXAMPLES.map((request) => (
          <li key={request.prompt}>
            <Button variant="secondary" className="h-auto whitespace-normal py-2" onClick={() => onExample(request)}>
              {request.prompt}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

interface LoraCardProps {
  lora: LoraOption;
  prompt: string;
  onExample: (request: GenerateRequest) => void;
}

function LoraCard({ lora, prompt, onExample }: LoraCardProps) {
  return (
    <button
      type="button"
      onClick={() => onExample({ prompt, model_name: lora.label })}
      className="flex h-full w-full flex-col gap-2 rounded-2xl border bg-card p-4 text-left transition-colors hover:border-ring hover:bg-muted"
    >
      <span
        aria-hidden
        data-letter={lora.name.charAt(0)}
        className="grid aspect-[4/3] w-full place-items-center rounded-xl bg-accent text-4xl text-accent-foreground uppercase before:content-[attr(data-letter)]"
      />
      <span className="min-w-0 space-y-1">
        <span className="block truncate font-medium text-sm">{lora.title ?? lora.label}</span>
        <span className="block truncate text-muted-foreground text-xs">{lora.label}</span>
        {lora.trigger && (
          <span className="inline-block max-w-full truncate rounded-full bg-muted px-2 py-0.5 text-xs">
            {lora.trigger}
          </span>
        )}
      </span>
    </button>
  );
}
