/** The pictures of the history that the visitor has selected, to do something with them together. */
import { create } from "zustand";

interface Selection {
  readonly chosen: ReadonlySet<string>;
  /** True if a click on a picture chooses it. */
  readonly isChoosing: boolean;
  choose(ids: readonly string[], isChosen: boolean): void;
  startChoosing(): void;
  stopChoosing(): void;
}

export const useSelection = create<Selection>()((set, get) => ({
  chosen: new Set(),
  isChoosing: false,
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
