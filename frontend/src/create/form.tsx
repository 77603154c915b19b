/** What the form holds: one request, kept in the address so that a link or a reload brings it back. */
import { create } from "zustand";
import type { GenerateRequest } from "@/api/types";
import { fromQuery, toQuery } from "@/settings/settings";

interface Form {
  request: GenerateRequest;
  /** Change some fields; `undefined` takes a field back to the server's default. */
  set: (patch: Partial<GenerateRequest>) => void;
  /** Everything at once: a dropped picture, "use these settings", an example. */
  replace: (request: GenerateRequest) => void;
}

export const EMPTY: GenerateRequest = { prompt: "" };

export const useForm = create<Form>()((set) => ({
  request: EMPTY,
  set: (patch) => set(({ request }) => ({ request: withoutDefaults({ ...request, ...patch }) })),
  replace: (request) => set({ request: withoutDefaults(request) }),
}));

function withoutDefaults(request: GenerateRequest): GenerateRequest {
  const fields = Object.entries(request).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(fields), prompt: request.prompt };
}

const WRITE_AFTER_MS = 250;

/** Reads the form from the address, then keeps the address equal to the form. `typed` is what somebody wrote before
 * the page's code had arrived: it wins over the address's prompt. Answers how to stop. */
export function keepInAddress(typed: string): () => void {
  useForm.getState().replace({ ...EMPTY, ...fromQuery(window.location.search), ...(typed && { prompt: typed }) });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = useForm.subscribe(({ request }) => {
    clearTimeout(timer);
    timer = setTimeout(() => writeAddress(request), WRITE_AFTER_MS);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}

/** Browsers allow about 100 changes of the address in 30 s, which is why typing waits a little. */
export function writeAddress(request: GenerateRequest): void {
  const query = toQuery(request);
  window.history.replaceState(window.history.state, "", window.location.pathname + (query && `?${query}`));
}
