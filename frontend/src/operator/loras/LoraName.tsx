"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CheckIcon, PencilIcon, PinIcon, PinOffIcon, Trash2Icon } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { answer, api } from "@/api/client";
import type { LoraOption, Options } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { t, tCount } from "@/i18n/t";
import { cn } from "@/lib/cn";
import { notify } from "@/lib/notify";
import { fileSize } from "@/lib/words/quantities";
import { DeleteLora } from "./DeleteLora";
import { EditLora } from "./EditLora";
import { meaning, type Named } from "./versions";

interface LoraNameProps {
  named: Named;
  all: readonly LoraOption[];
  options: Options | undefined;
  onChange: () => void;
}

/** A LoRA name with its versions, and the version that the bare name means. */
export function LoraName({ named, all, options, onChange }: LoraNameProps) {
  const { name, versions, meant } = named;

  const { mutate: pin } = useMutation({
    mutationFn: (version: string | null) =>
      answer(api.PUT("/api/loras/{name}/default", { params: { path: { name } }, body: { version } })),
    onSuccess(now) {
      notify("success", t("{name} now uses {version}.", { name, version: now.label }));
      onChange();
    },
  });

  const queries = useQueryClient();
  const isUsed = options?.defaults.model_name === name;
  const { mutate: use, isPending: isChanging } = useMutation({
    mutationFn: () => {
      const path = { params: { path: { name } } };
      return answer(
        isUsed
          ? api.DELETE("/api/loras/{name}/use-by-default", path)
          : api.PUT("/api/loras/{name}/use-by-default", path),
      );
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["options"] }),
  });

  const means = meaning(named);
  return (
    <article aria-label={name} className="overflow-x-clip rounded-3xl border bg-card">
      <header className="flex min-h-14 flex-wrap items-center justify-between gap-x-4 gap-y-2 px-5 py-3">
        <div className="flex min-w-0 flex-wrap items-baseline gap-x-3">
          <h3 className="font-semibold">{name}</h3> {means && <p className="text-muted-foreground text-sm">{means}</p>}
        </div>
        <div className="flex flex-wrap gap-2">
          <Button
            variant="secondary"
            size="sm"
            aria-pressed={isUsed}
            title={t("For requests that name no LoRA")}
            className="aria-pressed:bg-accent aria-pressed:text-accent-foreground"
            onClick={() => isChanging || use()}
          >
            {isUsed && <CheckIcon aria-hidden />}
            {isUsed ? t("Used by default") : t("Use by default")}
          </Button>
          {meant.is_pinned && (
            <Button variant="secondary" size="sm" onClick={() => pin(null)}>
              <PinOffIcon aria-hidden />
              {t("Back to the latest")}
            </Button>
          )}
        </div>
      </header>
      <ul aria-label={t("Versions of {name}", { name })} className="divide-y border-t">
        {versions.map((lora) => (
          <Version key={lora.label} lora={lora} all={all} options={options} onPin={pin} onChange={onChange} />
        ))}
      </ul>
    </article>
  );
}

interface VersionProps {
  lora: LoraOption;
  all: readonly LoraOption[];
  options: Options | undefined;
  onPin: (version: string) => void;
  onChange: () => void;
}

function Version({ lora, all, options, onPin, onChange }: VersionProps) {
  const [open, setOpen] = useState<"edit" | "delete" | null>(null);
  const trigger = useRef<HTMLButtonElement | null>(null);
  const weight = lora.weight ?? options?.defaults.lora_weight;
  const close = () => setOpen(null);
  const opens = (what: "edit" | "delete") => (pressed: HTMLButtonElement) => {
    trigger.current = pressed;
    setOpen(what);
  };
  return (
    <li aria-label={lora.label} className="grid gap-x-6 gap-y-2 px-5 py-3.5 md:grid-cols-[1fr_auto] md:items-center">
      <div className="min-w-0 space-y-1">
        <div className="flex flex-wrap items-center gap-2">
          <span className="font-medium">{lora.label}</span>
          {lora.is_default && <Badge isStrong>{lora.is_pinned ? t("Pinned") : t("Current")}</Badge>}
          {lora.resident && <Badge>{t("In memory")}</Badge>}
        </div>
        <p className="text-muted-foreground text-sm">
          {lora.trigger ? `“${lora.trigger}”` : t("No trigger words")}
          {weight !== undefined && ` · ${t("weight {weight}", { weight })}`}
          {lora.few_steps && ` · ${t("made for {steps} steps", { steps: lora.few_steps.steps })}`}
          {` · ${tCount(lora.times_used, "used 1 time", "used {count} times")}`}
        </p>
        <p className="flex flex-wrap items-center gap-x-1 text-muted-foreground text-xs tabular-nums">
          {t("rank {rank} · {count} modules", { rank: lora.rank, count: lora.num_modules })}
          {lora.has_text_encoder && ` · ${t("text encoder")}`} · {fileSize(lora.bytes)} ·
          <span className="inline-flex items-center">
            <code title={`SHA-256 ${lora.sha256}`}>{lora.short_hash}</code>
            <CopyButton
              label={t("Copy the SHA-256 of {name}", { name: lora.label })}
              text={lora.sha256}
              className="-my-2 text-muted-foreground"
            />
          </span>
        </p>
        {lora.file !== `${lora.label}.safetensors` && (
          <p className="break-words text-muted-foreground text-xs">{t("File {name}", { name: lora.file })}</p>
        )}
        {lora.ignored.map(({ keys, count, reason }) => (
          <p key={keys} className="break-words text-warning text-xs">
            {t("Not used: {keys}", { keys })}
            {count > 1 && ` (${t("{count} keys", { count })})`}, {reason}
          </p>
        ))}
      </div>
      <div className="-ml-2 flex items-center gap-1 md:ml-0">
        {lora.version !== null && !lora.is_pinned && (
          <Button variant="ghost" size="sm" onClick={() => onPin(lora.version ?? "")}>
            <PinIcon aria-hidden />
            {t("Pin")}
            <span className="sr-only"> {lora.label}</span>
          </Button>
        )}
        <IconButton
          label={t("Edit {name}", { name: lora.label })}
          tip={t("Words, weight and steps")}
          onClick={opens("edit")}
        >
          <PencilIcon aria-hidden />
        </IconButton>
        <IconButton label={t("Delete {name}", { name: lora.label })} tip={t("Delete")} onClick={opens("delete")}>
          <Trash2Icon aria-hidden />
        </IconButton>
      </div>
      {open === "edit" && options && (
        <EditLora lora={lora} options={options} trigger={trigger} onChange={onChange} onClose={close} />
      )}
      {open === "delete" && <DeleteLora lora={lora} all={all} trigger={trigger} onChange={onChange} onClose={close} />}
    </li>
  );
}

interface IconButtonProps {
  label: string;
  tip: string;
  onClick: (pressed: HTMLButtonElement) => void;
  children: ReactNode;
}

function IconButton({ label, tip, onClick, children }: IconButtonProps) {
  return (
    <Tip label={tip}>
      <Button variant="ghost" size="icon-sm" aria-label={label} onClick={(event) => onClick(event.currentTarget)}>
        {children}
      </Button>
    </Tip>
  );
}

function Badge({ isStrong = false, children }: { isStrong?: boolean; children: string }) {
  return (
    <span
      className={cn(
        "rounded-full px-2 py-0.5 text-xs",
        isStrong ? "bg-accent font-medium text-accent-foreground" : "border text-muted-foreground",
      )}
    >
      {children}
    </span>
  );
}
