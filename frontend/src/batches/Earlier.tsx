"use client";
import { useQuery } from "@tanstack/react-query";
import { batchAddress } from "@/address/links";
import { answer, api } from "@/api/client";
import { Link } from "@/components/Link";
import { t, tName } from "@/i18n/t";
import { agoWords } from "@/lib/words/dates";
import { pictures } from "@/lib/words/quantities";

const MAX_SHOWN = 20;

/** The newest batches. */
export function Earlier() {
  const { data } = useQuery({
    queryKey: ["batches"],
    queryFn: ({ signal }) => answer(api.GET("/api/batches", { params: { query: { limit: MAX_SHOWN } }, signal })),
  });
  if (!data || data.items.length === 0) return null;
  return (
    <section aria-labelledby="earlier" className="space-y-3 pt-4">
      <h2 id="earlier" className="font-medium text-muted-foreground text-sm">
        {t("Earlier")}
      </h2>
      <ul className="divide-y rounded-2xl border bg-card">
        {data.items.map((batch) => (
          <li key={batch.batch_id}>
            <Link
              href={batchAddress(batch.batch_id)}
              className="flex flex-wrap items-center gap-x-3 px-4 py-2.5 text-sm hover:bg-muted"
            >
              <span className="min-w-0 flex-1 truncate">{batch.name}</span>
              <span className="shrink-0 text-muted-foreground text-xs tabular-nums">
                {batch.status === "running" ? `${Math.floor(100 * batch.progress)} %` : tName(batch.status)} ·{" "}
                {pictures(batch.images_total)} · {agoWords(batch.created_at, Date.now())}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
