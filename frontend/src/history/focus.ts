/** Where the focus goes when the picture that had it is deleted. */
import { useDelete } from "@/jobs/deletions";

/** Deletes a picture; keyboard users go on at the one after it. */
export function useDeleteAndMoveOn() {
  const remove = useDelete();
  return (id: string) => {
    const tiles = [...document.querySelectorAll<HTMLElement>("[data-picture]")];
    const at = tiles.findIndex((tile) => tile.dataset.picture === id);
    const next = (tiles[at + 1] ?? tiles[at - 1])?.dataset.picture;
    remove([id]);
    if (next) requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-picture="${next}"]`)?.focus());
  };
}
