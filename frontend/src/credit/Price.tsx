"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { answer, api } from "@/api/client";
import { useForm } from "@/create/form";
import { dollars } from "@/lib/words/money";
import type { Settings } from "@/settings/settings";

const REST_MS = 300;
/** The prompt changes no price, and typing asks nothing. */
const ANY_PROMPT = "-";

/** What the form's pictures cost, inside the button that makes them. The server says it, by the rule that it charges by. */
export default function Price() {
  const price = usePrice(useRested({ ...useForm().request, prompt: ANY_PROMPT }));
  return price === undefined ? null : <span> · {dollars(price)}</span>;
}

function usePrice(request: Settings): number | undefined {
  const { data, isError } = useQuery({
    queryKey: ["price", request],
    queryFn: ({ signal }) => answer(api.POST("/api/price", { body: request, signal })),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return isError ? undefined : data?.price_micro_usd;
}

/** The settings once they have not changed for a moment: a slider passes many values. */
function useRested(now: Settings): Settings {
  const text = JSON.stringify(now);
  const [rested, setRested] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return JSON.parse(rested);
}
