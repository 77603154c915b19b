"use client";
import { useMutation } from "@tanstack/react-query";
import { FileUpIcon, XIcon } from "lucide-react";
import { type DragEvent, type FormEvent, useId, useMemo, useRef, useState } from "react";
import type { Options } from "@/api/types";
import { FormErrorNote } from "@/components/form/FormErrorNote";
import { Button } from "@/components/ui/button";
import { Advanced } from "@/create/composer/Advanced";
import { NegativeChip, QualityChip, ShapeChip, StyleChip } from "@/create/composer/chips";
import { LocalForm } from "@/create/form";
import { formErrorOf } from "@/domain/form-error";
import { t, tCount } from "@/i18n/t";
import { postChange } from "@/jobs/other-windows";
import { cn } from "@/lib/cn";
import type { Settings } from "@/settings/settings";
import { checkBatch, sendBatch } from "./api";
import { Checked } from "./Checked";
import { FILE_ENDINGS, promptsOf, type Source, sourceOfFile, sourceOfPrompts } from "./source";

const FIRST: Settings = { prompt: "", num_images: 1 };

/** Lines or a file; what is wrong with them; the button that makes the others. */
export function NewBatch({ options, onAccepted }: { options: Options; onAccepted: (id: string) => void }) {
  const [text, setText] = useState("");
  const [file, setFile] = useState<Source | null>(null);
  const [settings, setSettings] = useState<Settings>(FIRST);
  const prompts = useMemo(() => promptsOf(text), [text]);
  const check = useMutation({ mutationFn: (source: Source) => checkBatch(source), meta: { isReported: true } });
  const send = useMutation({
    mutationFn: (source: Source) => sendBatch(source),
    onSuccess(id) {
      postChange({ kind: "job" });
      onAccepted(id);
    },
    meta: { isReported: true },
  });

  const typed = useMemo(() => (prompts.length > 0 ? sourceOfPrompts(prompts, settings) : null), [prompts, settings]);
  const source = file ?? typed;
  const checked = source && check.variables?.key === source.key ? check.data : undefined;
  const refusal = send.error ?? (source && check.variables?.key === source.key ? check.error : null);
  const error = useMemo(() => refusal && formErrorOf(refusal), [refusal]);
  const isBusy = check.isPending || send.isPending;

  function submit(event?: FormEvent) {
    event?.preventDefault();
    if (!source || isBusy) return;
    send.reset();
    if (checked && checked.lines_accepted > 0) send.mutate(source);
    else check.mutate(source);
  }

  async function take(chosen: File | undefined) {
    if (!chosen) return;
    const read = sourceOfFile(chosen);
    setFile(read);
    if (read) check.mutate(read);
    else setText(await chosen.text());
  }

  return (
    <form aria-label={t("New batch")} onSubmit={submit} className="space-y-4">
      <div className="space-y-5 rounded-3xl border bg-card p-5 sm:p-7">
        <Drop onFile={take}>
          {file ? (
            <p className="flex min-h-24 items-center justify-between gap-3 rounded-xl border px-4 text-sm">
              <span className="min-w-0 truncate font-medium">{file.name}</span>
              <Button variant="ghost" size="icon-sm" aria-label={t("Remove the file")} onClick={() => setFile(null)}>
                <XIcon aria-hidden />
              </Button>
            </p>
          ) : (
            <Lines text={text} onChange={setText} />
          )}
        </Drop>
        {!file && (
          <fieldset className="min-w-0 space-y-3">
            <legend className="pb-1 font-medium text-sm">{t("Settings of all")}</legend>
            <LocalForm first={settings} onChange={setSettings}>
              <div className="flex flex-wrap gap-2">
                <StyleChip options={options} />
                <ShapeChip options={options} />
                <QualityChip options={options} />
                <NegativeChip options={options} />
                <Advanced options={options} hasSeed={false} />
              </div>
            </LocalForm>
          </fieldset>
        )}
      </div>
      {checked && <Checked checked={checked} />}
      {error && <FormErrorNote error={error} onRetry={submit} />}
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-1">
        <p aria-live="polite" className="text-muted-foreground text-sm">
          {check.isPending ? t("Checking every line…") : !source ? t("Type or paste prompts, or choose a file.") : ""}
        </p>
        <Button type="submit" size="lg" aria-disabled={!source || isBusy}>
          {checked && checked.lines_accepted > 0
            ? tCount(checked.images_total, "Make 1 picture", "Make {count} pictures")
            : t("Check")}
        </Button>
      </div>
    </form>
  );
}

function Lines({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const id = useId();
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className="font-medium text-sm">
        {t("Prompts, one a line")}
      </label>
      <textarea
        id={id}
        rows={8}
        value={text}
        onChange={({ target }) => onChange(target.value)}
        className="block w-full resize-y rounded-xl border border-input bg-card px-3 py-2 text-base sm:text-sm"
      />
    </div>
  );
}

interface DropProps {
  onFile: (file: File | undefined) => void;
  children: React.ReactNode;
}

/** Accepts a file that is dropped, or chosen with a button. */
function Drop({ onFile, children }: DropProps) {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const id = useId();

  function onDrag(event: DragEvent) {
    event.preventDefault();
    setIsOver(event.type === "dragover");
    if (event.type === "drop") onFile(event.dataTransfer.files[0]);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has an equal for the keyboard, the button below
    <div
      onDragOver={onDrag}
      onDragLeave={onDrag}
      onDrop={onDrag}
      className={cn("space-y-3 rounded-xl", isOver && "outline-2 outline-primary outline-offset-4")}
    >
      {children}
      <div className="flex flex-wrap items-center gap-3">
        <input
          ref={input}
          id={id}
          type="file"
          accept={FILE_ENDINGS}
          aria-label={t("File of prompts")}
          className="sr-only"
          tabIndex={-1}
          onChange={({ target }) => {
            onFile(target.files?.[0]);
            target.value = "";
          }}
        />
        <Button variant="outline" size="sm" onClick={() => input.current?.click()}>
          <FileUpIcon aria-hidden />
          {t("Choose a file")}
        </Button>
        <p className="text-muted-foreground text-xs">
          {t("CSV (columns are settings), JSON, JSON lines or text. Or drop it here.")}
        </p>
      </div>
    </div>
  );
}
