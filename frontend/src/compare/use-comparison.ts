/** A comparison by its job: asked for once, then followed until it has ended. */
import { useEffect, useState } from "react";
import { Refused, Unreachable } from "@/api/client";
import { followJob } from "@/jobs/stream/follow";
import { applyNews, hasEnded, type Job, type JobNews, newJob } from "@/domain/job";
import { lookUp } from "@/jobs/stream/fetch-job";
import { type Axes, axesOf } from "./axes";

export interface Told {
  readonly job: Job;
  readonly axes: Axes;
}

/** `kind`: still asking, a comparison, or why there is none to show. */
export type Comparison =
  | { kind: "asking"; isLost: boolean }
  | { kind: "told"; told: Told }
  | { kind: "none"; why: string };

const RETRY_MS = 2_000;

export function useComparison(id: string): Comparison {
  const [state, setState] = useState<Comparison>({ kind: "asking", isLost: false });

  useEffect(() => {
    const stopped = new AbortController();
    let stopFollowing = () => {};
    setState({ kind: "asking", isLost: false });

    const tell = (news: JobNews) =>
      setState((old) => {
        if (old.kind !== "told") return old;
        const job = applyNews(old.told.job, news);
        return job === old.told.job ? old : { kind: "told", told: { ...old.told, job } };
      });

    async function ask(): Promise<void> {
      const news = await lookUp(id, stopped.signal);
      if (stopped.signal.aborted) return;
      if (news.kind === "gone") return setState({ kind: "none", why: "There is no such comparison here any more." });
      const axes = axesOf(news.result);
      if (!axes) return setState({ kind: "none", why: "These pictures are no comparison." });
      const blank = newJob({ job_id: id, warnings: [] }, { prompt: axes.prompts.join(" | ") }, axes, Date.now());
      setState({ kind: "told", told: { job: applyNews(blank, news), axes } });
      if (!hasEnded(news.state.status)) stopFollowing = followJob(id, tell);
    }

    async function askUntilTold(): Promise<void> {
      while (!stopped.signal.aborted) {
        try {
          return await ask();
        } catch (error) {
          if (stopped.signal.aborted) return;
          if (error instanceof Refused && error.status < 500) return setState({ kind: "none", why: error.message });
          if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
          setState({ kind: "asking", isLost: true });
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    }

    void askUntilTold();
    return () => {
      stopped.abort();
      stopFollowing();
    };
  }, [id]);

  return state;
}
