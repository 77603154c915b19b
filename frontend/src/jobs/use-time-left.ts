/** The time left of a job, second by second. */
import { useEffect, useRef, useState } from "react";
import { isEnded, type Job } from "@/domain/job";
import { afterForecast, leftAt, type Shown } from "@/domain/time-left";

const TICK_MS = 1_000;

/** Seconds; 0 where the server has named none. */
export function useTimeLeft(job: Job): number {
  const { state } = job;
  const isRunning = !isEnded(job);
  const [, setNow] = useState(0);
  const shown = useRef<Shown | null>(null);
  const seen = useRef(state);
  if (seen.current !== state || shown.current === null) {
    seen.current = state;
    const forecast_s = state?.estimated_time ?? 0;
    shown.current = forecast_s > 0 ? afterForecast(shown.current, forecast_s, Date.now()) : null;
  }
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return shown.current ? leftAt(shown.current, Date.now()) : 0;
}
