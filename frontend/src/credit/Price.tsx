"use client";
import { answer, api } from "@/api/client";
import { useForm } from "@/create/form";
import { dollars } from "@/lib/words/money";
import { usePrice } from "./use-price";

/** The prompt changes no price: typing asks nothing. */
const ANY_PROMPT = "-";

/** What the form's pictures cost, inside the button that makes them. */
export default function Price() {
  const price = usePrice({ ...useForm().request, prompt: ANY_PROMPT }, (body, signal) =>
    answer(api.POST("/api/price", { body, signal })),
  );
  return price === undefined ? null : <span> · {dollars(price)}</span>;
}
