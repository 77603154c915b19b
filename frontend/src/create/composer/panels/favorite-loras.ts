/** The LoRAs that the visitor has marked, by name, so that every version counts. This browser keeps them. */
import { create } from "zustand";

const KEY = "lora-studio:favorite-loras";

interface FavoriteLoras {
  readonly names: ReadonlySet<string>;
  toggle(name: string): void;
}

export const useFavoriteLoras = create<FavoriteLoras>()((set, get) => ({
  names: read(),
  toggle(name) {
    const names = new Set(get().names);
    if (!names.delete(name)) names.add(name);
    set({ names });
    try {
      localStorage.setItem(KEY, JSON.stringify([...names]));
    } catch {
      // storage is forbidden: they hold for this visit
    }
  },
}));

function read(): ReadonlySet<string> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(stored) ? stored.filter((each) => typeof each === "string") : []);
  } catch {
    return new Set();
  }
}
