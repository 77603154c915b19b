/** Deletion of pictures with an undo: the page hides them immediately; the server deletes them after the undo period, or when
 * the visitor leaves the page before its end. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { create } from "zustand";
import { answer, api } from "@/api/client";
import { tCount } from "@/i18n/t";
import { markDeleted, removePictures } from "@/jobs/history/history-cache";
import { notify } from "@/lib/notify";
import { errorText } from "@/lib/words/error-text";
import { postChange } from "./other-windows";

export const UNDO_MS = 8_000;
/** Of one call, by the API. */
const MAX_IDS = 500;

interface Deletion {
  readonly ids: readonly string[];
  /** Resolves when the time to undo has passed (true) or when it is undone (false). */
  readonly isFinal: Promise<boolean>;
}

interface UndoStore {
  /** The last deletion, while it can be undone. */
  readonly pending: { readonly count: number; decide(isFinal: boolean): void } | null;
  undo(): void;
  /** Stops the clock while the visitor is about to undo. */
  hold(): void;
  /** Starts it again. */
  release(): void;
}

export const useUndo = create<UndoStore>()((_set, get) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    pending: null,
    undo: () => get().pending?.decide(false),
    hold: () => clearTimeout(timer),
    release() {
      clearTimeout(timer);
      const { pending } = get();
      if (pending) timer = setTimeout(() => pending.decide(true), UNDO_MS);
    },
  };
});

/** Deletes pictures. From then on an earlier deletion cannot be undone. */
export function useDelete(): (ids: readonly string[]) => void {
  const queries = useQueryClient();
  const bringBack = (ids: readonly string[]) => {
    markDeleted(queries, ids, false);
    postChange({ kind: "deleted", ids, isDeleted: false });
  };
  const { mutate } = useMutation({
    mutationFn: async ({ ids, isFinal }: Deletion) => ((await isFinal) ? deletePictures(ids) : null),
    onMutate: ({ ids }) => markDeleted(queries, ids, true),
    onSuccess(deleted, { ids }) {
      if (deleted === null) return markDeleted(queries, ids, false);
      removePictures(queries, [...deleted.deleted, ...deleted.missing]);
      if (deleted.kept.length === 0) return;
      bringBack(deleted.kept);
      notify(
        "error",
        tCount(
          deleted.kept.length,
          "1 picture still in progress can't be deleted yet.",
          "{count} pictures still in progress can't be deleted yet.",
        ),
      );
    },
    onError(error, { ids }) {
      bringBack(ids);
      notify(
        "error",
        `${tCount(ids.length, "1 picture could not be deleted.", "{count} pictures could not be deleted.")} ${errorText(error)}`,
      );
    },
    meta: { isReported: true },
  });
  return (ids) => {
    const isFinal = decision(ids.length);
    for (let at = 0; at < ids.length; at += MAX_IDS) mutate({ ids: ids.slice(at, at + MAX_IDS), isFinal });
  };
}

/** Makes this the deletion that can be undone. */
function decision(count: number): Promise<boolean> {
  useUndo.getState().pending?.decide(true);
  return new Promise((resolve) => {
    const onLeave = () => pending.decide(true);
    const pending = {
      count,
      decide(isFinal: boolean) {
        if (useUndo.getState().pending !== pending) return;
        useUndo.getState().hold();
        useUndo.setState({ pending: null });
        window.removeEventListener("pagehide", onLeave);
        resolve(isFinal);
      },
    };
    useUndo.setState({ pending });
    useUndo.getState().release();
    window.addEventListener("pagehide", onLeave);
  });
}

/** Throws Refused, Unreachable. */
function deletePictures(ids: readonly string[]) {
  postChange({ kind: "deleted", ids, isDeleted: true });
  // keepalive: the call is sent though the page is being left
  return answer(api.POST("/api/images/delete", { body: { ids: [...ids] }, keepalive: true }));
}
