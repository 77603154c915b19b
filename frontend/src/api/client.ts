/** The one way to the API: typed calls that return data or throw `Refused` or `Unreachable`. */

import createClient from "openapi-fetch";
import { t } from "@/i18n/t";
import type { paths } from "./schema";

/** Origin of the API: this page's own, or the value of NEXT_PUBLIC_API_URL at build time. */
export const API_URL = (process.env.NEXT_PUBLIC_API_URL ?? "").replace(/\/$/, "");

export const api = createClient<paths>({ baseUrl: API_URL });

/** Proves that a call with the session's cookie comes from this page: pages of other sites cannot read the cookie. */
export function csrfToken(): string | null {
  return /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? null;
}

api.use({
  onRequest({ request }) {
    const token = request.method === "GET" ? null : csrfToken();
    if (token) request.headers.set("x-csrftoken", token);
  },
});

export interface FieldProblem {
  field: string;
  detail: string;
  allowed?: string | null;
}

/** The server refused the call: an RFC 9457 problem document, or the nearest thing to one. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly fields: readonly FieldProblem[] = [],
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
    this.name = "Refused";
  }
}

/** No response: the server is down, restarting, or the network is. */
export class Unreachable extends Error {
  /** `mayHaveAccepted`: the request may have arrived, and the server may carry it out. */
  constructor(readonly mayHaveAccepted = false) {
    super(t("Can't reach the server. It may be restarting."));
    this.name = "Unreachable";
  }
}

type ApiResponse<T> = { data?: T; error?: unknown; response: Response };

/** The data of a call, e.g. `await answer(api.GET("/api/options"))`; undefined of a 204. Throws Refused, Unreachable. */
export async function answer<T>(call: Promise<ApiResponse<T>>): Promise<T> {
  let received: ApiResponse<T>;
  try {
    received = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable();
  }
  const { response, data, error } = received;
  if (response.ok && (data !== undefined || response.status === 204)) return data as T;
  throw refusal(response, error);
}

function refusal(response: Response, body: unknown): Refused {
  const problem = (typeof body === "object" && body !== null ? body : {}) as {
    type?: string;
    detail?: string;
    title?: string;
    errors?: FieldProblem[];
  };
  const seconds = Number(response.headers.get("Retry-After"));
  return new Refused(
    response.status,
    problem.type?.split(":").at(-1) ?? "",
    problem.detail ?? problem.title ?? t("The server answered {status}.", { status: String(response.status) }),
    problem.errors ?? [],
    Number.isFinite(seconds) && seconds > 0 ? seconds : null,
  );
}
