"use client";
import { type KeyboardEvent, type RefObject, useEffect, useId, useMemo } from "react";
import { useLoras } from "@/api/catalog";
import type { Options } from "@/api/types";
import { useForm } from "@/create/form";
import { t } from "@/i18n/t";
import { taughtWords } from "@/settings/loras";
import { markUnknown } from "./words";

interface PromptBoxProps {
  options: Options | undefined;
  box: RefObject<HTMLTextAreaElement | null>;
  onSubmit: () => void;
  /** Something was typed. */
  onEdit: () => void;
  isInvalid: boolean;
}

/** Safari's Enter that confirms a composed word says so by this key code only. */
const COMPOSING = 229;

/** Text and its underlay share one look, letter for letter, so that marks lie under their words. */
const TEXT = "px-5 pt-3 pb-2 text-lg leading-relaxed whitespace-pre-wrap break-words";

/** Grows with its text. Enter generates, Shift+Enter begins a new line. */
export function PromptBox({ options, box, onSubmit, onEdit, isInvalid }: PromptBoxProps) {
  const { request, set } = useForm();
  const id = useId();
  const loras = useLoras().data;
  const known = useMemo(
    () => options?.known_words && new Set([...options.known_words, ...taughtWords(request, options, loras ?? [])]),
    [options, loras, request],
  );
  const segments = useMemo(() => (known ? markUnknown(request.prompt, known) : []), [known, request.prompt]);
  const unknown = [...new Set(segments.filter((each) => each.isUnknown).map((each) => each.text.toLowerCase()))];

  useEffect(() => {
    // only where nothing else was chosen meanwhile, and not on phones, whose keyboard would cover the page
    const isIdle = document.activeElement === document.body;
    if (isIdle && window.matchMedia("(hover: hover)").matches) box.current?.focus();
  }, [box]);

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    const isComposing = event.nativeEvent.isComposing || event.keyCode === COMPOSING;
    if (event.key !== "Enter" || event.shiftKey || isComposing) return;
    event.preventDefault();
    if (!event.repeat) onSubmit();
  }

  return (
    <div>
      <div className="grid max-h-64 overflow-y-auto">
        <div aria-hidden className={`${TEXT} pointer-events-none col-start-1 row-start-1 min-h-14 text-transparent`}>
          {segments.map((segment, n) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: segments have no other identity than their place
              key={n}
              className={
                segment.isUnknown
                  ? "underline decoration-2 decoration-warning decoration-wavy underline-offset-4"
                  : undefined
              }
            >
              {segment.text}
            </span>
          ))}
          {segments.length === 0 && request.prompt}
          {"\u200b"}
        </div>
        <textarea
          ref={box}
          aria-label={t("Prompt")}
          aria-describedby={unknown.length > 0 ? `${id}-unknown` : undefined}
          aria-invalid={isInvalid || undefined}
          className={`${TEXT} col-start-1 row-start-1 resize-none overflow-hidden bg-transparent outline-none placeholder:text-muted-foreground`}
          placeholder={t("What would you like to see?")}
          rows={1}
          maxLength={options?.bounds.max_prompt_characters}
          value={request.prompt}
          onChange={(event) => {
            set({ prompt: event.target.value });
            onEdit();
          }}
          onKeyDown={onKeyDown}
          enterKeyHint="go"
          spellCheck
        />
      </div>
      {unknown.length > 0 && (
        <p id={`${id}-unknown`} className="px-5 pb-1 text-warning text-xs">
          {t("The demo model does not know: {words}", { words: unknown.join(", ") })}
        </p>
      )}
    </div>
  );
}
