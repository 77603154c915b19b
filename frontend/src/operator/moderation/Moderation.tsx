"use client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "@/api/client";
import type { MarkedPicture } from "@/api/types";
import { ShowMore } from "@/components/ShowMore";
import { Button } from "@/components/ui/button";
import { t, tNumber } from "@/i18n/t";
import { cn } from "@/lib/cn";
import { agoWords } from "@/lib/words/dates";
import { errorText } from "@/lib/words/error-text";
import { Decide, MARKED, type Verdict } from "./Decide";

/** Pictures that a classifier has marked, newest first: blurred until clicked, released or deleted with a note. */
export function Moderation() {
  const marked = useInfiniteQuery({
    queryKey: MARKED,
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/operator/moderation/pictures", { params: { query: pageParam ? { cursor: pageParam } : {} } }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const pictures = marked.data?.pages.flatMap((page) => page.pictures) ?? [];
  return (
    <section aria-labelledby="moderation" className="space-y-5">
      <h2 id="moderation" className="sr-only">
        {t("Moderation")}
      </h2>
      {marked.failureReason && (
        <p role="alert" className="text-destructive text-sm">
          {errorText(marked.failureReason)}
        </p>
      )}
      {marked.data && pictures.length === 0 && (
        <p className="rounded-3xl border bg-card px-5 py-10 text-center text-muted-foreground text-sm">
          {t("No picture waits for a review.")}
        </p>
      )}
      <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {pictures.map((picture) => (
          <Marked key={picture.id} picture={picture} />
        ))}
      </ul>
      <ShowMore list={marked} />
    </section>
  );
}

function Marked({ picture }: { picture: MarkedPicture }) {
  const [isShown, setShown] = useState(false);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const { prompt, score, owner, created_at } = picture;
  return (
    <li className="overflow-hidden rounded-3xl border bg-card">
      <button
        type="button"
        aria-label={t(isShown ? "Blur the picture: {prompt}" : "Show the picture: {prompt}", { prompt })}
        aria-pressed={isShown}
        onClick={() => setShown(!isShown)}
        className="block aspect-square w-full overflow-hidden bg-muted"
      >
        <img
          src={isShown ? picture.url : picture.thumbnail_url}
          alt=""
          draggable={false}
          className={cn("size-full object-contain", !isShown && "blur-2xl")}
        />
      </button>
      <div className="space-y-3 px-5 py-4">
        <p className="line-clamp-2 break-words text-sm" title={prompt}>
          {prompt}
        </p>
        <p className="break-all text-muted-foreground text-xs">
          {t("Score {score}", { score: tNumber(score, { minimumFractionDigits: 2, maximumFractionDigits: 2 }) })} ·{" "}
          {agoWords(created_at, Date.now())} · {owner}
        </p>
        <div className="flex gap-2">
          <Button variant="secondary" size="sm" onClick={() => setVerdict("release")}>
            {t("Release")}
          </Button>
          <Button variant="ghost" size="sm" className="text-destructive" onClick={() => setVerdict("delete")}>
            {t("Delete")}
          </Button>
        </div>
      </div>
      {verdict && <Decide picture={picture} verdict={verdict} onClose={() => setVerdict(null)} />}
    </li>
  );
}
