import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";

interface ShowMoreProps {
  list: Pick<UseInfiniteQueryResult, "hasNextPage" | "isFetching" | "fetchNextPage">;
}

/** Fetches the next page of a list; absent after the last one. */
export function ShowMore({ list }: ShowMoreProps) {
  const { hasNextPage, isFetching, fetchNextPage } = list;
  if (!hasNextPage) return null;
  return (
    <Button variant="outline" aria-disabled={isFetching} onClick={() => isFetching || void fetchNextPage()}>
      {t("Show more")}
    </Button>
  );
}
