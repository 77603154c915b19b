/** The pages of the history that were scrolled to. */
import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { answer, api } from "@/api/client";
import type { HistoryItems } from "@/api/types";
import type { Filter } from "@/history/filter";
import { FIRST_PAGE_JOBS } from "@/history/first-page";
import { isUnfinished, withNewer } from "@/history/items";

const PAGE_JOBS = 100;
const TIMEOUT_MS = 15_000;
const WHILE_MAKING_MS = 3_000;

type Pages = InfiniteData<HistoryItems, string | null>;

function ask(filter: Filter, cursor: string | null, signal: AbortSignal): Promise<HistoryItems> {
  const query = {
    q: filter.q.trim() || undefined,
    lora: filter.lora || undefined,
    favorites: filter.favorites || undefined,
    cursor: cursor ?? undefined,
    limit: cursor ? PAGE_JOBS : FIRST_PAGE_JOBS,
  };
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  return answer(api.GET("/api/history", { params: { query }, signal: limited }));
}

/** While another filter is asked for, what was found before stays. */
export function useHistory(filter: Filter) {
  const queries = useQueryClient();
  const queryKey = ["history", filter];
  const history = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => ask(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });

  const isAnyUnfinished = history.data?.pages[0]?.items.some(isUnfinished) ?? false;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is new at every render, the filter is not
  useEffect(() => {
    // what was made meanwhile comes on top; who looks at older pictures stays where they are
    async function lookForNewer() {
      if (document.visibilityState !== "visible" || !queries.getQueryData(queryKey)) return;
      const fresh = await ask(filter, null, new AbortController().signal).catch(() => null);
      if (fresh) queries.setQueryData<Pages>(queryKey, (known) => known && withFirstPage(known, fresh));
    }
    const onPageShow = (event: PageTransitionEvent) => event.persisted && void lookForNewer();
    document.addEventListener("visibilitychange", lookForNewer);
    window.addEventListener("pageshow", onPageShow);
    const timer = isAnyUnfinished ? setInterval(lookForNewer, WHILE_MAKING_MS) : undefined;
    return () => {
      document.removeEventListener("visibilitychange", lookForNewer);
      window.removeEventListener("pageshow", onPageShow);
      clearInterval(timer);
    };
  }, [filter, queries, isAnyUnfinished]);

  return history;
}

function withFirstPage(known: Pages, fresh: HistoryItems): Pages {
  const [first, ...others] = known.pages;
  if (!first) return known;
  return { ...known, pages: [{ ...first, items: withNewer(first.items, fresh.items) }, ...others] };
}
