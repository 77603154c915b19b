"use client";
/** What a job costs: the server says it, by the rule that it charges by. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRested } from "@/lib/use-rested";

interface Quote {
  price_micro_usd: number;
}

/** In micro-dollars, of `body` once it has not changed for a moment; a slider passes many values. Undefined until loaded,
 * and where the body is refused. */
export function usePrice<Body>(
  body: Body,
  ask: (body: Body, signal: AbortSignal) => Promise<Quote>,
): number | undefined {
  const rested = useRested(JSON.stringify(body));
  const { data, isError } = useQuery({
    queryKey: ["price", rested],
    queryFn: ({ signal }) => ask(JSON.parse(rested), signal),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return isError ? undefined : data?.price_micro_usd;
}
