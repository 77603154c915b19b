/** The history as the pages show it. */
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { keepUpToDate } from "@/jobs/running";
import { type Filter, fetchPage, historyKey, refreshNewest } from "./history-cache";
import { type History, visibleJobs } from "./history-pages";
import { addUnlisted } from "./unlisted";

/** `jobs`: newest first, without deleted pictures; empty until loaded. While another filter is loaded, the jobs found
 * before stay. */
export function useHistory(filter: Filter) {
  const queries = useQueryClient();
  const { q, lora, favorites, collection } = filter;
  const history = useInfiniteQuery({
    queryKey: historyKey(filter),
    async queryFn({ pageParam, signal }) {
      const page = await fetchPage(queries, filter, pageParam, signal);
      if (pageParam === null && isEverything(filter)) void addUnlisted(queries, page);
      return page;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
  useEffect(() => keepUpToDate(queries), [queries]);
  // shown again: what was made meanwhile comes on top
  useEffect(
    () => void refreshNewest(queries, { q, lora, favorites, collection }),
    [queries, q, lora, favorites, collection],
  );
  const jobs = useMemo(() => (history.data ? visibleJobs(history.data as History) : []), [history.data]);
  return { history, jobs };
}

function isEverything({ q, lora, favorites, collection }: Filter): boolean {
  return !(q.trim() || lora || favorites || collection);
}
