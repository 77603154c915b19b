"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FolderSyncIcon, UploadIcon } from "lucide-react";
import { useRef, useState } from "react";
import { useLoras, useOptions, useRejectedLoras } from "@/api/catalog";
import { answer, api } from "@/api/client";
import type { Reloaded } from "@/api/types";
import { Button } from "@/components/ui/button";
import { t, tCount } from "@/i18n/t";
import { notify } from "@/lib/notify";
import { errorText } from "@/lib/words/error-text";
import { FileDrop } from "./FileDrop";
import { LoraName } from "./LoraName";
import { ReloadReport } from "./ReloadReport";
import { UploadCard } from "./UploadCard";
import { suggestedLabel } from "./upload";
import { byName } from "./versions";

interface Chosen {
  readonly id: number;
  readonly file: File;
}

/** The LoRAs: uploaded by dropping files; pinned, described, deleted. */
export function Loras() {
  const loras = useLoras();
  const rejected = useRejectedLoras().data ?? [];
  const options = useOptions().data;
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const [report, setReport] = useState<Reloaded | null>(null);
  const lastId = useRef(0);

  const refresh = () => queries.invalidateQueries({ queryKey: ["loras"] });

  function take(files: readonly File[]) {
    const wrong = files.filter((file) => suggestedLabel(file.name) === null);
    if (wrong.length > 0)
      notify(
        "error",
        t("LoRA files end in .safetensors: {names}", { names: wrong.map(({ name }) => name).join(", ") }),
      );
    const fit = files.filter((file) => suggestedLabel(file.name) !== null);
    setChosen((old) => [...old, ...fit.map((file) => ({ id: ++lastId.current, file }))]);
  }

  const { mutate: reload, isPending: isReloading } = useMutation({
    mutationFn: () => answer(api.POST("/api/loras/reload")),
    onSuccess(reloaded) {
      setReport(reloaded);
      return refresh();
    },
  });

  const names = byName(loras.data ?? []);
  return (
    <FileDrop onFiles={take} hint={t("Drop LoRA files to upload them")}>
      <section aria-labelledby="loras" className="space-y-5">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h2 id="loras" className="font-medium text-lg">
            {t("LoRAs")}{" "}
            <span className="font-normal text-muted-foreground text-sm">
              {loras.data && tCount(loras.data.length, "1 file", "{count} files")}
              <span className="hidden lg:inline"> · {t("drop files here to upload")}</span>
            </span>
          </h2>
          <div className="flex flex-wrap gap-2">
            <Button variant="outline" aria-disabled={isReloading} onClick={() => isReloading || reload()}>
              <FolderSyncIcon aria-hidden className={isReloading ? "animate-pulse" : undefined} />
              {t("Reload the folder")}
            </Button>
            <input
              ref={input}
              type="file"
              multiple
              accept=".safetensors"
              aria-label={t("LoRA files to upload")}
              tabIndex={-1}
              className="sr-only"
              onChange={(event) => {
                take([...(event.target.files ?? [])]);
                event.target.value = "";
              }}
            />
            <Button onClick={() => input.current?.click()}>
              <UploadIcon aria-hidden />
              {t("Upload")}
            </Button>
          </div>
        </div>
        {chosen.length > 0 && (
          <ul aria-label={t("Uploads")} className="space-y-2">
            {chosen.map(({ id, file }) => (
              <UploadCard
                key={id}
                file={file}
                loras={loras.data ?? []}
                onServes={refresh}
                onClose={() => setChosen((old) => old.filter((each) => each.id !== id))}
              />
            ))}
          </ul>
        )}
        {report && <ReloadReport report={report} onClose={() => setReport(null)} />}
        {rejected.length > 0 && (
          <ul aria-label={t("LoRAs that made no picture")} className="space-y-1 rounded-2xl border px-4 py-3 text-sm">
            {rejected.map(({ file, reason }) => (
              <li key={file} className="break-words">
                <span className="text-destructive">{t("Not offered, because it made no picture:")}</span> {file}:{" "}
                <span className="text-muted-foreground">{reason}</span>
              </li>
            ))}
          </ul>
        )}
        {names.map((named) => (
          <LoraName key={named.name} named={named} all={loras.data ?? []} options={options} onChange={refresh} />
        ))}
        {loras.data?.length === 0 && (
          <p className="rounded-3xl border border-dashed px-6 py-12 text-center text-muted-foreground text-sm">
            {t("No LoRA yet. Drop a .safetensors file here, or put one into the server's folder and reload it.")}
          </p>
        )}
        {loras.failureReason && (
          <p role="alert" className="text-destructive text-sm">
            {errorText(loras.failureReason)}
          </p>
        )}
      </section>
    </FileDrop>
  );
}
