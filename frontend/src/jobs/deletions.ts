/** Pictures that somebody has deleted. They are out of sight at once; the server is told when the time for second
 * thoughts has passed, or when the page is left before that. */
import { create } from "zustand";
import { answer, api } from "@/api/client";
import { notify } from "@/components/notify";
import { pictures } from "@/domain/job-words";

export const UNDO_MS = 8_000;
/** Of one call, by the API. */
const MAX_IDS = 500;

interface Deletions {
  /** Out of sight: those that can still be brought back, those the server is being told of, those that are gone. */
  readonly hidden: ReadonlySet<string>;
  /** Those that can still be brought back. */
  readonly pending: readonly string[];
  /** The pictures deleted before these can be brought back no more. */
  remove(ids: readonly string[]): void;
  undo(): void;
  /** Stops the clock, for who is about to press Undo. */
  hold(): void;
  /** Starts it anew. */
  release(): void;
  /** Tells the server now. */
  send(): void;
}

export const useDeletions = create<Deletions>()((set, get) => {
  let timer: ReturnType<typeof setTimeout> | undefined;

  function bringBack(ids: readonly string[]): void {
    const back = new Set(ids);
    set({ hidden: new Set([...get().hidden].filter((id) => !back.has(id))) });
  }

  async function tell(ids: readonly string[]): Promise<void> {
    try {
      // keepalive: it goes out though the page is being left
      const { kept } = await answer(api.POST("/api/images/delete", { body: { ids: [...ids] }, keepalive: true }));
      if (kept.length === 0) return;
      bringBack(kept);
      notify("error", `${pictures(kept.length)} of jobs that are still being made cannot be deleted yet.`);
    } catch (error) {
      bringBack(ids);
      const reason = error instanceof Error ? error.message : String(error);
      notify("error", `${pictures(ids.length)} could not be deleted. ${reason}`);
    }
  }

  return {
    hidden: new Set(),
    pending: [],
    remove(ids) {
      get().send();
      set({ hidden: new Set([...get().hidden, ...ids]), pending: ids });
      get().release();
    },
    undo() {
      clearTimeout(timer);
      bringBack(get().pending);
      set({ pending: [] });
    },
    hold: () => clearTimeout(timer),
    release() {
      clearTimeout(timer);
      if (get().pending.length > 0) timer = setTimeout(get().send, UNDO_MS);
    },
    send() {
      clearTimeout(timer);
      const { pending } = get();
      set({ pending: [] });
      for (let at = 0; at < pending.length; at += MAX_IDS) void tell(pending.slice(at, at + MAX_IDS));
    },
  };
});
