/** State of the dialogs about pictures: at most one is open, over any page. */
import { create } from "zustand";
import type { Picture } from "@/domain/picture";

export type PictureDialog =
  | { kind: "edit" | "extend" | "share"; picture: Picture }
  /** Pictures for a collection. */
  | { kind: "collect"; ids: readonly string[] }
  /** A picture and the one that it was made from. */
  | { kind: "before and after"; picture: Picture; before: Picture };

interface Dialogs {
  readonly dialog: PictureDialog | null;
  open(dialog: PictureDialog): void;
  close(): void;
}

export const usePictureDialog = create<Dialogs>((set) => ({
  dialog: null,
  open: (dialog) => set({ dialog }),
  close: () => set({ dialog: null }),
}));
