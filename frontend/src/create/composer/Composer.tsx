"use client";
import { LoaderCircleIcon, XIcon } from "lucide-react";
import { type FormEvent, type ReactNode, type RefObject, useEffect, useState } from "react";
import { useLoras, useOptions } from "@/api/catalog";
import { useMe } from "@/api/session";
import type { LoraOption, Options } from "@/api/types";
import { FormErrorNote } from "@/components/form/FormErrorNote";
import { Button } from "@/components/ui/button";
import { useForm } from "@/create/form";
import { type FormError, NO_PROMPT } from "@/domain/form-error";
import { t } from "@/i18n/t";
import { lazyPart } from "@/lib/lazy";
import { findLora, ownWeight } from "@/settings/loras";
import { Advanced } from "./Advanced";
import { CountChip, LoraChip, NegativeChip, QualityChip, ShapeChip, StyleChip } from "./chips";
import { PromptBox } from "./PromptBox";
import { SeedChip } from "./SeedChip";
import { SettingsButton } from "./SettingsButton";
import { TriggerChip } from "./TriggerChip";

const [StartChip] = lazyPart(() => import("./StartChip"), { meanwhile: () => <div className="h-24" /> });

const [Price] = lazyPart(() => import("@/credit/Price"));

interface ComposerProps {
  box: RefObject<HTMLTextAreaElement | null>;
  isSending: boolean;
  error: FormError | null;
  onSubmit: () => void;
  /** Sends again what was refused. */
  onRetry: () => void;
  /** The prompt was typed in. */
  onEdit: () => void;
  /** Further buttons, next to Generate. */
  children: ReactNode;
}

/** The prompt and everything that shapes it, in one place. */
export function Composer({ box, isSending, error, onSubmit, onRetry, onEdit, children }: ComposerProps) {
  const { data: options, failureReason } = useOptions();
  const { data: loras, isPending, failureReason: loraFailure } = useLoras();
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
    <form onSubmit={submit} className="space-y-3" aria-label={t("New pictures")}>
      <div className="rounded-3xl border border-border bg-card transition-shadow focus-within:border-ring/60 focus-within:shadow-[0_8px_40px_-20px_var(--ring)] dark:focus-within:shadow-none">
        <TriggerChip options={options} known={loras} />
        <div data-dock="prompt">
          <PromptBox
            options={options}
            box={box}
            onSubmit={onSubmit}
            onEdit={onEdit}
            isInvalid={error?.fields.includes("prompt") ?? false}
          />
        </div>
        {hasStart && options && (
          <div data-dock="hide">
            <StartChip defaultStrength={options.image_to_image.default_strength} />
          </div>
        )}
        <ExtraLoras options={options} known={loras} />
        <div className="flex items-end gap-2 p-3 pt-1.5">
          <div data-dock="hide" className="flex min-h-9 min-w-0 flex-1 flex-wrap gap-2">
            {!options && failureReason && (
              <p role="status" className="self-center pl-2 text-muted-foreground text-sm">
                {t("Can't reach the server. Trying again…")}
              </p>
            )}
            {options && (!isPending || loraFailure) && (
              <>
                <div className="hidden flex-wrap gap-2 low:hidden sm:flex">
                  {loras && <LoraChip options={options} loras={loras} />}
                  <StyleChip options={options} />
                  <ShapeChip options={options} />
                  <CountChip options={options} />
                  <QualityChip options={options} loras={loras} />
                  <NegativeChip options={options} />
                  <Advanced options={options} loras={loras} />
                </div>
                <div className="min-w-0 low:block sm:hidden">
                  <SettingsButton options={options} loras={loras ?? []} />
                </div>
                <SeedChip />
              </>
            )}
          </div>
          {children}
          <Button type="submit" size="lg" disabled={!isReady} aria-disabled={isSending}>
            {isSending && <LoaderCircleIcon aria-hidden className="animate-spin" />}
            {t("Generate")}
            {isCharged && <Price />}
          </Button>
        </div>
      </div>
      {error === NO_PROMPT && (
        <p role="alert" className="px-5 text-destructive text-sm">
          {t("Type a prompt first.")}
        </p>
      )}
      {error && error !== NO_PROMPT && <FormErrorNote error={error} onRetry={onRetry} />}
    </form>
  );
}

/** LoRAs in addition to the chosen one, from a dropped picture, a link or the LoRA panel. */
function ExtraLoras({ options, known }: { options: Options | undefined; known: readonly LoraOption[] | undefined }) {
  const { request, set } = useForm();
  const loras = request.loras ?? [];
  if (loras.length === 0) return null;
  return (
    <ul data-dock="hide" aria-label={t("Further LoRAs")} className="flex flex-wrap gap-2 px-4 pb-1">
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
            aria-label={t("Remove {name}", { name: lora.name })}
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
