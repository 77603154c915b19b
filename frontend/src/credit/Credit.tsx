"use client";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { API_URL, answer, api } from "@/api/client";
import type { Credit as CreditAnswer, CreditEntry } from "@/api/types";
import { ShowMore } from "@/components/ShowMore";
import { Button, buttonLook } from "@/components/ui/button";
import { type Column, Table } from "@/components/ui/table";
import { t, tName } from "@/i18n/t";
import { dateWords } from "@/lib/words/dates";
import { errorText } from "@/lib/words/error-text";
import { dollars } from "@/lib/words/money";

const AGAIN_MS = 2_000;

/** The account's credit: what is left, packs to buy, what happened. */
export default function Credit() {
  const [bought] = useState(() => new URLSearchParams(window.location.search).get("bought"));
  const history = useHistory(bought);
  const entries = history.data?.pages.flatMap((page) => page.entries) ?? [];
  const hasArrived = bought !== null && isHere(entries, bought);
  const credit = useQuery({
    queryKey: ["credit", entries[0]?.id],
    queryFn: ({ signal }) => answer(api.GET("/api/billing", { signal })),
    placeholderData: (before) => before,
  });
  return (
    <section id="credit" aria-labelledby="credit-title" className="space-y-5 rounded-2xl border bg-card p-5 sm:p-6">
      <h2 id="credit-title" className="font-semibold text-base">
        {t("Credit")}
      </h2>
      {bought !== null && (
        <p role="status" className="rounded-xl bg-accent px-4 py-3 text-accent-foreground text-sm">
          {hasArrived
            ? t("Thank you: your credit has arrived.")
            : t("Thank you. Your credit arrives when the payment does…")}
        </p>
      )}
      {credit.data && <Left credit={credit.data} />}
      {(credit.failureReason ?? history.failureReason) && (
        <p role="alert" className="text-destructive text-sm">
          {errorText((credit.failureReason ?? history.failureReason) as Error)}
        </p>
      )}
      {entries.length > 0 && <History entries={entries} />}
      <div className="flex flex-wrap gap-2">
        <ShowMore list={history} />
        {entries.length > 0 && (
          <a href={`${API_URL}/api/billing/history.csv`} className={buttonLook({ variant: "outline" })}>
            {t("Download as CSV")}
          </a>
        )}
      </div>
    </section>
  );
}

/** Loaded again every two seconds while a payment is under way. */
function useHistory(bought: string | null) {
  return useInfiniteQuery({
    queryKey: ["credit-history"],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/api/billing/history", { params: { query: pageParam ? { cursor: pageParam } : {} }, signal })),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) =>
      bought !== null && !isHere(state.data?.pages[0]?.entries ?? [], bought) ? AGAIN_MS : false,
  });
}

function isHere(entries: readonly CreditEntry[], purchase: string): boolean {
  return entries.some(({ receipt_url }) => receipt_url?.endsWith(purchase));
}

function Left({ credit }: { credit: CreditAnswer }) {
  const notes = [
    credit.free_micro_usd > 0 &&
      t("{amount} of it is free until the end of the month.", { amount: dollars(credit.free_micro_usd) }),
    credit.held_micro_usd > 0 &&
      t("{amount} more is set aside for pictures in the making.", { amount: dollars(credit.held_micro_usd) }),
    t("Up to 4 pictures cost {amount}; larger ones, more of them or more steps cost more.", {
      amount: dollars(credit.price_per_generation_micro_usd),
    }),
  ];
  return (
    <div className="space-y-4">
      <p className="text-muted-foreground text-sm">
        <strong className="block font-semibold text-3xl text-foreground tabular-nums tracking-tight">
          {dollars(credit.available_micro_usd)}
        </strong>
        {notes.filter(Boolean).join(" ")}
      </p>
      {credit.packs.length > 0 && <Packs packs={credit.packs} />}
    </div>
  );
}

function Packs({ packs }: { packs: CreditAnswer["packs"] }) {
  const { mutate, isPending, isSuccess } = useMutation({
    mutationFn: (price_micro_usd: number) => answer(api.POST("/api/billing/checkout", { body: { price_micro_usd } })),
    onSuccess: ({ url }) => window.location.assign(url),
  });
  const isBusy = isPending || isSuccess; // until the payment page is there
  return (
    <ul aria-label={t("Buy credit")} className="flex flex-wrap gap-2">
      {packs.map(({ price_micro_usd, credit_micro_usd }) => (
        <li key={price_micro_usd}>
          <Button aria-disabled={isBusy} onClick={() => isBusy || mutate(price_micro_usd)}>
            {credit_micro_usd === price_micro_usd
              ? t("Buy {amount}", { amount: dollars(credit_micro_usd) })
              : t("Buy {amount} for {price}", { amount: dollars(credit_micro_usd), price: dollars(price_micro_usd) })}
          </Button>
        </li>
      ))}
    </ul>
  );
}

const WORDS: Readonly<Record<CreditEntry["kind"], string>> = {
  grant: "Added",
  hold: "Pictures",
  capture: "Pictures",
  release: "Pictures that were not made",
  refund: "Given back",
  adjust: "Corrected",
};

const COLUMNS: readonly Column<CreditEntry>[] = [
  {
    name: "Day",
    cell: ({ created_at }) => dateWords(created_at),
    className: "whitespace-nowrap text-muted-foreground",
  },
  { name: "What", cell: (entry) => <What entry={entry} />, isRowName: true, className: "break-words" },
  { name: "Amount", cell: ({ amount_micro_usd }) => dollars(amount_micro_usd), isRight: true },
];

function What({ entry }: { entry: CreditEntry }) {
  return (
    <>
      {tName(WORDS[entry.kind])}
      {entry.note && `: ${entry.note}`}{" "}
      {entry.receipt_url && (
        <a href={entry.receipt_url} target="_blank" rel="noreferrer" className="underline underline-offset-4">
          {t("Receipt")}
        </a>
      )}
    </>
  );
}

function History({ entries }: { entries: readonly CreditEntry[] }) {
  return (
    <Table
      caption={t("Credit history")}
      columns={COLUMNS}
      rows={entries}
      keyOf={({ id }) => String(id)}
      className="w-full"
      headClassName="[&_th]:py-2"
      rowClassName="border-t [&>*]:py-2 [&>*:not(:last-child)]:pr-4"
    />
  );
}
