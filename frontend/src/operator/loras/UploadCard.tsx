"use client";
import { CheckIcon, FileUpIcon, XIcon } from "lucide-react";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import type { LoraOption } from "@/api/types";
import { Button } from "@/components/ui/button";
import { fileSize } from "@/settings/facts";
import { wordsOf } from "@/lib/error-text";
import { labelOf, type Upload, uploadLora } from "./upload";

interface UploadCardProps {
  file: File;
  loras: readonly LoraOption[];
  /** The LoRA serves now. */
  onServes: () => void;
  onClose: () => void;
}

type Stage =
  | { kind: "asking"; trouble: string | null }
  | { kind: "sending"; sent_bytes: number }
  | { kind: "serving"; lora: LoraOption };

/** One file on its way: what it shall be called, how far it is, what came of it. */
export function UploadCard({ file, loras, onServes, onClose }: UploadCardProps) {
  const [label, setLabel] = useState(labelOf(file.name) ?? "");
  const [stage, setStage] = useState<Stage>({ kind: "asking", trouble: null });
  const upload = useRef<Upload | null>(null);
  useEffect(() => () => upload.current?.cancel(), []);

  async function send() {
    setStage({ kind: "sending", sent_bytes: 0 });
    upload.current = uploadLora(label.trim(), file, (sent_bytes) => setStage({ kind: "sending", sent_bytes }));
    try {
      setStage({ kind: "serving", lora: await upload.current.done });
      onServes();
    } catch (error) {
      const wasCancelled = error instanceof DOMException && error.name === "AbortError";
      setStage({ kind: "asking", trouble: wasCancelled ? null : wordsOf(error) });
    }
  }

  return (
    <li aria-label={file.name} className="rounded-2xl border bg-card px-4 py-3">
      {stage.kind === "asking" && (
        <Asking
          file={file}
          label={label}
          trouble={stage.trouble}
          isTaken={loras.some((lora) => lora.label === label.trim())}
          onLabel={setLabel}
          onSend={() => void send()}
          onClose={onClose}
        />
      )}
      {stage.kind === "sending" && (
        <Sending file={file} sent_bytes={stage.sent_bytes} onCancel={() => upload.current?.cancel()} />
      )}
      {stage.kind === "serving" && (
        <div className="flex items-center gap-3">
          <CheckIcon aria-hidden className="size-4 shrink-0 text-primary" />
          <p role="status" className="min-w-0 flex-1 text-sm">
            <span className="font-medium">{stage.lora.label}</span> serves now.
            {!stage.lora.is_default && ` The bare name ${stage.lora.name} still means another version.`}
          </p>
          <Button variant="ghost" size="icon-sm" aria-label="Close" onClick={onClose}>
            <XIcon aria-hidden />
          </Button>
        </div>
      )}
    </li>
  );
}

interface AskingProps {
  file: File;
  label: string;
  trouble: string | null;
  isTaken: boolean;
  onLabel: (label: string) => void;
  onSend: () => void;
  onClose: () => void;
}

function Asking({ file, label, trouble, isTaken, onLabel, onSend, onClose }: AskingProps) {
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend();
  };
  return (
    <form onSubmit={submit}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <FileUpIcon aria-hidden className="size-4 shrink-0 text-muted-foreground" />
        <p className="min-w-0 flex-1 basis-40 truncate text-sm">
          {file.name} <span className="text-muted-foreground">· {fileSize(file.size)}</span>
        </p>
        <label htmlFor={id} className="text-muted-foreground text-sm">
          Serves as
        </label>
        <input
          id={id}
          required
          value={label}
          aria-describedby={`${id}-told`}
          onChange={(event) => onLabel(event.target.value)}
          className="h-9 w-40 rounded-lg border border-input bg-card px-2.5 text-sm"
        />
        <div className="flex gap-1">
          <Button type="submit">{isTaken ? "Replace" : "Upload"}</Button>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </div>
      <div id={`${id}-told`} className="pt-2 text-xs empty:hidden">
        {isTaken && <p className="text-warning">There is a {label.trim()} already: this file takes its place.</p>}
        {trouble && (
          <p role="alert" className="text-destructive">
            {trouble}
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
            · {isSent ? "being checked…" : `${fileSize(sent_bytes)} of ${fileSize(file.size)}`}
          </span>
        </p>
        <Button variant="ghost" size="sm" onClick={onCancel}>
          Cancel
        </Button>
      </div>
      <div
        role="progressbar"
        aria-label={`Upload of ${file.name}`}
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
