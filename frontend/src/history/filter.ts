/** What is looked for, kept in the address. */

export interface Filter {
  readonly q: string;
  /** `jade` (any version) or `jade-v1`; empty: any. */
  readonly lora: string;
  readonly favorites: boolean;
}

export const ANYTHING: Filter = { q: "", lora: "", favorites: false };
const MAX_CHARACTERS = 200;

export function filterOf(query: string): Filter {
  const values = new URLSearchParams(query);
  return {
    q: (values.get("q") ?? "").slice(0, MAX_CHARACTERS),
    lora: (values.get("lora") ?? "").slice(0, MAX_CHARACTERS),
    favorites: values.get("favorites") === "true",
  };
}

/** With "?", or nothing where everything is shown. */
export function queryOf({ q, lora, favorites }: Filter): string {
  const values = new URLSearchParams();
  if (q.trim()) values.set("q", q.trim());
  if (lora) values.set("lora", lora);
  if (favorites) values.set("favorites", "true");
  return values.size > 0 ? `?${values}` : "";
}
