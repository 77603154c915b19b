"use client";
import { useMutation } from "@tanstack/react-query";
import { CheckIcon, FileUpIcon, XIcon } from "lucide-react";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import type { LoraOption } from "@/api/types";
import { Button } from "@/components/ui/button";
import { t, tRich } from "@/i18n/t";
import { errorText } from "@/lib/words/error-text";
import { fileSize } from "@/lib/words/quantities";
import {
  findSame,
  isSafetensors,
  type Label,
  labelProblem,
  labelText,
  suggestedLabel,
  type Upload,
  uploadLora,
} from "./upload";

interface UploadCardProps {
  file: File;
  loras: readonly LoraOption[];
  /** The server offers the LoRA now. */
  onServes: () => void;
  onClose: () => void;
}

/** One file on its way: its name on the server, how far it is, what came of it. */
export function UploadCard({ file, loras, onServes, onClose }: UploadCardProps) {
  const [named, setNamed] = useState<Label>(suggestedLabel(file.name) ?? { name: "", version: "" });
  const label = labelText(named);
  const [same, setSame] = useState<LoraOption | null>(null);
  const [isBroken, setIsBroken] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for a file
  useEffect(() => {
    void isSafetensors(file).then((isSound) => setIsBroken(!isSound));
    void findSame(file, loras).then(setSame);
  }, [file]);
  const [sent_bytes, setSent_bytes] = useState(0);
  const upload = useRef<Upload | null>(null);
  useEffect(() => () => upload.current?.cancel(), []);
  const sending = useMutation({
    mutationFn: () => {
      setSent_bytes(0);
      upload.current = uploadLora(label, file, setSent_bytes);
      return upload.current.done;
    },
    onSuccess: onServes,
    meta: { isReported: true },
  });
  const { data: lora, error, isPending } = sending;
  const wasCancelled = error instanceof DOMException && error.name === "AbortError";

  return (
    <li aria-label={file.name} className="rounded-2xl border bg-card px-4 py-3">
      {!isPending && !lora && (
        <NameForm
          file={file}
          named={named}
          same={same}
          isBroken={isBroken}
          problem={error && !wasCancelled ? errorText(error) : null}
          isTaken={loras.some((lora) => lora.label === label)}
          onName={setNamed}
          onSend={sending.mutate}
          onClose={onClose}
        />
      )}
      {isPending && <Sending file={file} sent_bytes={sent_bytes} onCancel={() => upload.current?.cancel()} />}
      {lora && (
        <div className="flex items-center gap-3">
          <CheckIcon aria-hidden className="size-4 shrink-0 text-primary" />
          <p role="status" className="min-w-0 flex-1 text-sm">
            {tRich("{name} is live.", { name: <span className="font-medium">{lora.label}</span> })}
            {!lora.is_default && ` ${t("{name} still points to another version.", { name: lora.name })}`}
          </p>
          <Button variant="ghost" size="icon-sm" aria-label={t("Close")} onClick={onClose}>
            <XIcon aria-hidden />
          </Button>
        </div>
      )}
    </li>
  );
}

interface NameFormProps {
  file: File;
  named: Label;
  problem: string | null;
  isTaken: boolean;
  /** The LoRA with the same bytes. */
  same: LoraOption | null;
  /** The file is no safetensors file. */
  isBroken: boolean;
  onName: (named: Label) => void;
  onSend: () => void;
  onClose: () => void;
}

function NameForm({ file, named, problem, isTaken, same, isBroken, onName, onSend, onClose }: NameFormProps) {
  const id = useId();
  const label = labelText(named);
  const wrong = isBroken ? t("This is not a safetensors file.") : (labelProblem(named) ?? problem);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isBroken && labelProblem(named) === null) onSend();
  };
  return (
    <form onSubmit={submit}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <FileUpIcon aria-hidden className="size-4 shrink-0 text-muted-foreground" />
        <p className="min-w-0 flex-1 basis-40 truncate text-sm">
          {file.name} <span className="text-muted-foreground">· {fileSize(file.size)}</span>
        </p>
        <label htmlFor={id} className="text-muted-foreground text-sm">
          {t("Name")}
        </label>
        <input
          id={id}
          required
          value={named.name}
          aria-describedby={`${id}-note`}
          onChange={(event) => onName({ ...named, name: event.target.value })}
          className="h-9 w-40 rounded-lg border border-input bg-card px-2.5 text-sm"
        />
        <label htmlFor={`${id}-version`} className="text-muted-foreground text-sm">
          {t("Version")}
        </label>
        <input
          id={`${id}-version`}
          value={named.version}
          inputMode="decimal"
          aria-describedby={`${id}-note`}
          onChange={(event) => onName({ ...named, version: event.target.value })}
          className="h-9 w-16 rounded-lg border border-input bg-card px-2.5 text-sm tabular-nums"
        />
        <div className="flex gap-1">
          <Button type="submit">{isTaken ? t("Replace") : t("Upload")}</Button>
          <Button variant="ghost" onClick={onClose}>
            {t("Cancel")}
          </Button>
        </div>
      </div>
      <div id={`${id}-note`} className="pt-2 text-xs empty:hidden">
        {isTaken && (
          <p className="text-warning">{t("There is a {name} already: this file replaces it.", { name: label })}</p>
        )}
        {same && <p className="text-warning">{t("Identical to {name}.", { name: same.label })}</p>}
        {wrong && (
          <p role="alert" className="text-destructive">
            {wrong}
          </p>
        )}
      </div>
    </form>
  );
}

function Sending({ file, sent_bytes, onCancel }: { file: File; sent_bytes: number; onCancel: () => void }) {
  const percent = Math.round((100 * sent_bytes) / Math.max(1, file.size));
  const isSent = sent_bytes >= file.size;
  return (
    <div className="space-y-2">
      <div className="flex items-center justify-between gap-3 text-sm">
        <p className="min-w-0 truncate">
          {file.name}{" "}
          <span className="text-muted-foreground tabular-nums">
            ·{" "}
            {isSent
              ? t("being checked…")
              : t("{done} of {count}", { done: fileSize(sent_bytes), count: fileSize(file.size) })}
          </span>
        </p>
        <Button variant="ghost" size="sm" onClick={onCancel}>
          {t("Cancel")}
        </Button>
      </div>
      <div
        role="progressbar"
        aria-label={t("Upload of {name}", { name: file.name })}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        className="h-1 overflow-hidden rounded-full bg-muted"
      >
        <div className="h-full bg-primary transition-[width]" style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}
