"use client";
import { useQueryStates } from "nuqs";
import { PARSERS } from "@/address/parsers";
import { useOptions } from "@/api/catalog";
import { Shell } from "@/components/Shell";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";
import { Earlier } from "./Earlier";
import { NewBatch } from "./NewBatch";
import { ShownBatch } from "./ShownBatch";

/** The page: a form and earlier batches, or the batch that the address names. */
export function Batches() {
  const [{ batch: id }, setAddress] = useQueryStates(PARSERS.batches);
  const { data: options, failureReason } = useOptions();
  return (
    <Shell
      title={t("Batches")}
      note={t("Many prompts together, from lines or a file. They come after your single pictures.")}
    >
      {id ? (
        <>
          <Button variant="outline" size="sm" onClick={() => setAddress({ batch: null })}>
            {t("New batch")}
          </Button>
          <ShownBatch key={id} id={id} />
        </>
      ) : options ? (
        <>
          <NewBatch options={options} onAccepted={(batch) => setAddress({ batch })} />
          <Earlier />
        </>
      ) : (
        <p role="status" className="min-h-96 text-muted-foreground text-sm">
          {failureReason ? t("Can't reach the server. Trying again…") : ""}
        </p>
      )}
    </Shell>
  );
}
