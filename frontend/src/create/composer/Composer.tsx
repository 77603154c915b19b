"use client";
import { LoaderCircleIcon, XIcon } from "lucide-react";
import { type FormEvent, type RefObject, useEffect, useState } from "react";
import { useLoras, useOptions } from "@/api/catalog";
import { useMe } from "@/api/session";
import type { LoraOption, Options } from "@/api/types";
import { FormErrorNote } from "@/components/form/FormErrorNote";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";
import type { FormError } from "@/domain/form-error";
import { lazyPart } from "@/lib/lazy";
import { findLora, ownWeight } from "@/settings/loras";
import { Advanced } from "./Advanced";
import { CountChip, LoraChip, NegativeChip, QualityChip, ShapeChip, StyleChip } from "./chips";
import { PromptBox } from "./PromptBox";

const [StartChip] = lazyPart(() => import("./StartChip"), { meanwhile: () => <div className="h-24" /> });

const [Price] = lazyPart(() => import("@/credit/Price"));

interface ComposerProps {
  box: RefObject<HTMLTextAreaElement | null>;
  isSending: boolean;
  error: FormError | null;
  onSubmit: () => void;
  /** Sends again what was refused. */
  onRetry: () => void;
}

/** The prompt and everything that shapes it, in one place. */
export function Composer({ box, isSending, error, onSubmit, onRetry }: ComposerProps) {
  const { data: options, failureReason } = useOptions();
  const loras = useLoras().data;
  const hasStart = useForm().request.init != null;
  const isCharged = useMe().data?.credit;

  // before the page's code has arrived a click would be lost
  const [isReady, setIsReady] = useState(false);
  useEffect(() => setIsReady(true), []);

  function submit(event: FormEvent) {
    event.preventDefault();
    onSubmit();
  }

  return (
    <form onSubmit={submit} className="space-y-3" aria-label="New pictures">
      <div className="rounded-3xl border border-border bg-card transition-shadow focus-within:border-ring/60 focus-within:shadow-[0_8px_40px_-20px_var(--ring)] dark:focus-within:shadow-none">
        <PromptBox
          options={options}
          box={box}
          onSubmit={onSubmit}
          isInvalid={error?.fields.includes("prompt") ?? false}
        />
        {hasStart && options && <StartChip defaultStrength={options.image_to_image.default_strength} />}
        <ExtraLoras options={options} known={loras} />
        <div className="flex flex-col gap-3 p-3 pt-1.5 sm:flex-row sm:items-end">
          <div className="relative -mx-3 flex min-h-9 min-w-0 flex-1 gap-2 overflow-x-auto px-3 py-0.5 [scrollbar-width:none] sm:mx-0 sm:flex-wrap sm:overflow-visible sm:px-0 sm:py-0">
            {!options && failureReason && (
              <p role="status" className="self-center pl-2 text-muted-foreground text-sm">
                The server does not answer. Trying again…
              </p>
            )}
            {options && (
              <>
                {loras && <LoraChip options={options} loras={loras} />}
                <StyleChip options={options} />
                <ShapeChip options={options} />
                <CountChip options={options} />
                <QualityChip options={options} />
                <NegativeChip options={options} />
                <Advanced options={options} />
              </>
            )}
          </div>
          <Button type="submit" size="lg" disabled={!isReady} aria-disabled={isSending}>
            {isSending && <LoaderCircleIcon aria-hidden className="animate-spin" />}
            Generate
            {isCharged && <Price />}
          </Button>
        </div>
      </div>
      {error && <FormErrorNote error={error} onRetry={onRetry} />}
    </form>
  );
}

/** LoRAs in addition to the chosen one, from a dropped picture, a link or the LoRA panel. */
function ExtraLoras({ options, known }: { options: Options | undefined; known: readonly LoraOption[] | undefined }) {
  const { request, set } = useForm();
  const loras = request.loras ?? [];
  if (loras.length === 0) return null;
  return (
    <ul aria-label="Further LoRAs" className="flex flex-wrap gap-2 px-4 pb-1">
      {loras.map((lora, at) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: names may be equal, and an item holds nothing of its own
          key={at}
          className="flex h-8 items-center gap-1 rounded-full bg-accent pr-1 pl-3 text-accent-foreground text-sm"
        >
          {lora.name} · {lora.weight ?? (options && known ? ownWeight(findLora(lora.name, known), options) : "")}
          <Button
            variant="ghost"
            size="icon-sm"
            className="size-6"
            aria-label={`Remove ${lora.name}`}
            onClick={() => {
              const rest = loras.filter((_, each) => each !== at);
              set({ loras: rest.length > 0 ? rest : undefined });
            }}
          >
            <XIcon aria-hidden className="size-3.5" />
          </Button>
        </li>
      ))}
    </ul>
  );
}
