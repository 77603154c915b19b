"use client";
import { useEffect, useRef } from "react";
import { isEnded, type Job, numDone } from "@/domain/job";
import { numWanted } from "@/domain/picture";
import { loadPart } from "@/lib/lazy";

const TITLE = "LoRA Studio";
/** A job that takes longer is worth a notification. */
const LONG_MS = 20_000;

/** Says in the window's title how far the running jobs are. After a long job it offers a notification of the browser at the
 * end of the next ones. */
export function DoneSignal({ jobs }: { jobs: readonly Job[] }) {
  const running = jobs.filter((job) => !isEnded(job));
  const title = titleOf(running);
  useEffect(() => {
    document.title = title;
    return () => {
      if (document.title === title) document.title = TITLE; // else the next page has set its own
    };
  }, [title]);

  const before = useRef<readonly Job[]>([]);
  useEffect(() => {
    const ended = jobs.filter((job) => isEnded(job) && before.current.some(({ id }) => id === job.id));
    before.current = running;
    const long = ended.filter((job) => numDone(job) > 0 && Date.now() - job.askedAt_ms > LONG_MS);
    if (long.length > 0)
      void loadPart(() => import("./done-notice")).then(
        (part) => part.signalDone(long),
        () => {},
      );
  });
  return null;
}

/** `(2/4) LoRA Studio`; the name alone while nothing is made. */
export function titleOf(running: readonly Job[]): string {
  if (running.length === 0) return TITLE;
  const sum = (of: (job: Job) => number) => running.reduce((total, job) => total + of(job), 0);
  return `(${sum(numDone)}/${sum(numWanted)}) ${TITLE}`;
}
