/** The browser's notification that pictures are ready, for who has agreed to it. */

import { type Job, promptOf } from "@/domain/job";
import { t, tCount } from "@/i18n/t";
import { notify } from "@/lib/notify";

const KEY = "lora-studio:notify-asked";

/** Notifies of jobs that took long, if the window is not looked at; offers it once, where the browser would ask. */
export function signalDone(jobs: readonly Job[]): void {
  if (!("Notification" in window)) return;
  if (Notification.permission === "granted" && document.hidden) for (const job of jobs) show(job);
  if (Notification.permission === "default" && !wasAsked()) offer();
}

function show(job: Job): void {
  const note = new Notification(tCount(job.outputs.length, "1 picture ready", "{count} pictures ready"), {
    body: promptOf(job),
    icon: job.outputs[0]?.thumbnail_url,
    tag: job.id,
  });
  note.onclick = () => {
    window.focus();
    note.close();
  };
}

function offer(): void {
  noteAsked();
  notify("success", t("That took a while."), {
    label: t("Notify me next time"),
    run: () => void Notification.requestPermission(),
  });
}

function wasAsked(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true; // nothing can be remembered: do not ask each time
  }
}

function noteAsked(): void {
  try {
    localStorage.setItem(KEY, "yes");
  } catch {
    // storage is forbidden
  }
}
