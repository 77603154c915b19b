"use client";
import { useEffect, useRef, useState } from "react";
import type { Job } from "@/domain/job";
import { t } from "@/i18n/t";
import { announcements } from "./announcements";

const MAX_KEPT = 6;

/** Announces to screen readers what happens to the jobs, without interrupting them. */
export function Announcer({ jobs }: { jobs: readonly Job[] }) {
  const before = useRef<readonly Job[]>(jobs);
  const count = useRef(0);
  const [spoken, setSpoken] = useState<readonly { key: number; words: string }[]>([]);

  useEffect(() => {
    const fresh = announcements(before.current, jobs, Date.now());
    before.current = jobs;
    if (fresh.length === 0) return;
    const numbered = fresh.map((words) => ({ key: ++count.current, words }));
    setSpoken((kept) => [...kept, ...numbered].slice(-MAX_KEPT));
  }, [jobs]);

  return (
    <div role="log" aria-live="polite" aria-label={t("Progress")} className="sr-only">
      {spoken.map(({ key, words }) => (
        <p key={key}>{words}</p>
      ))}
    </div>
  );
}
