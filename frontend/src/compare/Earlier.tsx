"use client";
import { comparisonAddress } from "@/address/links";
import { Link } from "@/components/Link";
import { isComparison, numDone, promptOf } from "@/domain/job";
import { t } from "@/i18n/t";
import { EVERYTHING } from "@/jobs/history/history-cache";
import { useHistory } from "@/jobs/history/use-history";
import { agoWords } from "@/lib/words/dates";
import { pictures } from "@/lib/words/quantities";

const MAX_SHOWN = 8;

/** The newest comparisons among the loaded jobs. */
export function Earlier() {
  const jobs = useHistory(EVERYTHING).jobs.filter(isComparison).slice(0, MAX_SHOWN);
  if (jobs.length === 0) return null;
  return (
    <section aria-labelledby="earlier" className="space-y-3 pt-4">
      <h2 id="earlier" className="font-medium text-muted-foreground text-sm">
        {t("Earlier")}
      </h2>
      <ul className="divide-y rounded-2xl border bg-card">
        {jobs.map((job) => (
          <li key={job.id}>
            <Link href={comparisonAddress(job.id)} className="flex items-center gap-3 px-4 py-2.5 hover:bg-muted">
              {job.outputs.slice(0, 3).map((output) => (
                <img key={output.id} src={output.thumbnail_url} alt="" className="size-10 rounded-lg object-cover" />
              ))}
              <span className="min-w-0 flex-1 truncate text-sm">{promptOf(job)}</span>
              <span className="shrink-0 text-muted-foreground text-xs">
                {pictures(numDone(job))} · {agoWords(new Date(job.askedAt_ms).toISOString(), Date.now())}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
