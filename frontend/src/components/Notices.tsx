"use client";
import { useEffect } from "react";
import { lazyPart } from "@/lib/lazy";
import { showNoteOfLastPage, useNotices } from "@/lib/notify";

const [Toasts] = lazyPart(() => import("./Toasts"), {
  // plain, because a notice may be about code that cannot be had, its own included
  meanwhile: ({ last }) => (
    <p
      role="status"
      className="fixed inset-x-4 bottom-6 z-[1000] mx-auto w-fit rounded-xl border bg-popover px-4 py-3 text-popover-foreground text-sm"
    >
      {last.text}
    </p>
  ),
});

export function Notices() {
  const last = useNotices((state) => state.last);
  useEffect(showNoteOfLastPage, []);
  return last && <Toasts last={last} />;
}
