"use client";
import { answer, api } from "@/api/client";
import type { Plan } from "@/compare/plan";
import { dollars } from "@/lib/words/money";
import { usePrice } from "./use-price";

/** What a comparison costs, inside the button that makes it. The number of prompts counts, not what they say. */
export default function ComparePrice({ plan }: { plan: Plan }) {
  const body = {
    prompts: plan.prompts.map((_, at) => `prompt ${at}`),
    seeds: [...plan.seeds],
    variants: plan.variants.map(({ model_name, model_weight }) => ({ model_name, model_weight })),
  };
  const price = usePrice(body, (asked, signal) => answer(api.POST("/api/price/compare", { body: asked, signal })));
  return price === undefined ? null : <span> · {dollars(price)}</span>;
}
