/** Where the focus goes when what had it is gone. */
import { useDeletions } from "@/jobs/deletions";

/** Deletes the picture; who uses the keyboard goes on at the one after it. */
export function removeAndMoveOn(id: string): void {
  const tiles = [...document.querySelectorAll<HTMLElement>("[data-picture]")];
  const at = tiles.findIndex((tile) => tile.dataset.picture === id);
  const next = (tiles[at + 1] ?? tiles[at - 1])?.dataset.picture;
  useDeletions.getState().remove([id]);
  if (next) requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-picture="${next}"]`)?.focus());
}
