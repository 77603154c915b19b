/** What the server can make: asked once, kept for the visit, asked again when the window is looked at again. */
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "./client";

export function useOptions() {
  return useQuery({ queryKey: ["options"], queryFn: () => answer(api.GET("/api/options")), staleTime: 5 * 60_000 });
}

export function useLoras() {
  return useQuery({
    queryKey: ["loras"],
    queryFn: async () => (await answer(api.GET("/api/loras"))).loras,
    staleTime: 15_000,
  });
}
