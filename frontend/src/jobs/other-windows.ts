/** Changes that other windows of this browser show immediately, not only when they are looked at again. */
import type { QueryClient } from "@tanstack/react-query";
import { markDeleted, patchFavorite, refreshShown } from "@/jobs/history/history-cache";

type Change =
  /** A job was accepted. */
  | { kind: "job" }
  | { kind: "favorite"; id: string; isFavorite: boolean } /** The server is to delete pictures, or has refused to. */
  | { kind: "deleted"; ids: readonly string[]; isDeleted: boolean };

let channel: BroadcastChannel | undefined;

/** One channel a window: what it posts comes to the others alone. */
function openChannel(): BroadcastChannel {
  channel ??= new BroadcastChannel("lora-studio:history");
  return channel;
}

export function postChange(change: Change): void {
  openChannel().postMessage(change);
}

/** Applies the changes of other windows from now on. */
export function applyOtherWindows(queries: QueryClient): void {
  openChannel().onmessage = ({ data: change }: MessageEvent<Change>) => {
    if (change.kind === "job") refreshShown(queries);
    if (change.kind === "favorite") patchFavorite(queries, change.id, change.isFavorite);
    if (change.kind === "deleted") markDeleted(queries, change.ids, change.isDeleted);
  };
}
