/** The reason why a job failed. */
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import { failureOf, type Job } from "@/domain/job";

/** The server's text; the history does not list it, so it may have to be fetched. */
export function useFailure(job: Job): string | null {
  const known = failureOf(job);
  const { data } = useQuery({
    queryKey: ["failure", job.id],
    queryFn: async ({ signal }) => {
      const state = await answer(api.GET("/api/status/{job_id}", { params: { path: { job_id: job.id } }, signal }));
      return state.error?.detail ?? null;
    },
    enabled: job.state?.status === "failed" && known === null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return known?.detail ?? data ?? null;
}
