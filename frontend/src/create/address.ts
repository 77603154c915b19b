/** A request as the query of an address, so that settings can be linked to. */
import type { GenerateRequest } from "@/api/types";

/** Without "?"; only fields that are set. */
export function toQuery(request: GenerateRequest): string {
  throw new Error(request.prompt);
}

/** The fields that `query` (with or without "?") sets; values that no server takes are dropped. */
export function fromQuery(query: string): Partial<GenerateRequest> {
  throw new Error(query);
}
