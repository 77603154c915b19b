/** What the server can make: loaded once, kept for the visit, refreshed when the window is looked at again. */
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "./client";

const TIMEOUT_MS = 8_000;

/** Throws Refused, Unreachable. */
export function fetchOptions() {
  return answer(api.GET("/api/options", { signal: AbortSignal.timeout(TIMEOUT_MS) }));
}

const LOOK_AGAIN_MS = 5_000;

/** Asked for again while no worker makes pictures. */
export function useOptions() {
  return useQuery({
    queryKey: ["options"],
    queryFn: fetchOptions,
    staleTime: 5 * 60_000,
    refetchInterval: ({ state }) => (state.data?.no_worker ? LOOK_AGAIN_MS : false),
  });
}

const LORAS = {
  queryKey: ["loras"],
  queryFn: () => answer(api.GET("/api/loras", { signal: AbortSignal.timeout(TIMEOUT_MS) })),
  staleTime: 15_000,
};

export function useLoras() {
  return useQuery({ ...LORAS, select: ({ loras }) => loras });
}

/** The lists of words that a prompt can name. */
export function useWildcards() {
  return useQuery({
    queryKey: ["wildcards"],
    queryFn: async () =>
      (await answer(api.GET("/api/wildcards", { signal: AbortSignal.timeout(TIMEOUT_MS) }))).wildcards,
    staleTime: 15_000,
  });
}

/** The textual inversions that a prompt can name. */
export function useEmbeddings() {
  return useQuery({
    queryKey: ["embeddings"],
    queryFn: async () =>
      (await answer(api.GET("/api/embeddings", { signal: AbortSignal.timeout(TIMEOUT_MS) }))).embeddings,
    staleTime: 15_000,
  });
}

export const EXAMPLES_KEY = ["examples"];

/** The pictures that the operator shows to everybody. */
export function useExamples() {
  return useQuery({
    queryKey: EXAMPLES_KEY,
    queryFn: async () => (await answer(api.GET("/api/examples", { signal: AbortSignal.timeout(TIMEOUT_MS) }))).examples,
    staleTime: 60_000,
  });
}

/** The files of LoRAs that made no picture, with the reason. */
export function useRejectedLoras() {
  return useQuery({ ...LORAS, select: ({ rejected }) => rejected });
}
