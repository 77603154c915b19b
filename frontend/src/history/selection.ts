/** What somebody does with pictures of the history: favorites, and those chosen to do something with together. */
import { create } from "zustand";
import { answer, api } from "@/api/client";
import { notify } from "@/components/notify";

interface Marks {
  /** What was changed since the pages were loaded. */
  readonly favorites: ReadonlyMap<string, boolean>;
  readonly chosen: ReadonlySet<string>;
  /** A click on a picture chooses it. */
  readonly isChoosing: boolean;
  /** Shown at once; taken back, with a notice, where the server refuses. */
  setFavorite(id: string, isFavorite: boolean): Promise<void>;
  choose(ids: readonly string[], isChosen: boolean): void;
  startChoosing(): void;
  stopChoosing(): void;
}

export const useMarks = create<Marks>()((set, get) => ({
  favorites: new Map(),
  chosen: new Set(),
  isChoosing: false,
  async setFavorite(id, isFavorite) {
    const show = (value: boolean) => set({ favorites: new Map(get().favorites).set(id, value) });
    show(isFavorite);
    try {
      const picture = { params: { path: { image_id: id } } };
      await answer(
        isFavorite
          ? api.PUT("/api/images/{image_id}/favorite", picture)
          : api.DELETE("/api/images/{image_id}/favorite", picture),
      );
    } catch (error) {
      show(!isFavorite);
      notify("error", error instanceof Error ? error.message : String(error));
    }
  },
  choose(ids, isChosen) {
    const chosen = new Set(get().chosen);
    for (const id of ids) {
      if (isChosen) chosen.add(id);
      else chosen.delete(id);
    }
    set({ chosen, isChoosing: chosen.size > 0 });
  },
  startChoosing: () => set({ isChoosing: true }),
  stopChoosing: () => set({ chosen: new Set(), isChoosing: false }),
}));
