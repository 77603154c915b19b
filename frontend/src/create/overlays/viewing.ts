/** State of the overlays of the create page: one open picture (its id is in the address), or two to compare. */
import { create } from "zustand";
import { leavePicture, openPicture } from "@/pictures/picture-address";

export type View =
  | { kind: "none" }
  /** One picture is chosen; the next one that is clicked is compared with it. */
  | { kind: "choosing"; first: string }
  | { kind: "comparing"; first: string; second: string };

interface Viewing {
  readonly view: View;
  /** A picture was clicked. */
  open(id: string): void;
  /** `Compare` was pressed on a picture. */
  compare(id: string): void;
  close(): void;
}

export const useViewing = create<Viewing>((set, get) => ({
  view: { kind: "none" },
  open(id) {
    if (get().view.kind === "choosing") get().compare(id);
    else openPicture(id);
  },
  compare(id) {
    leavePicture();
    set(({ view }) => ({ view: compared(view, id) }));
  },
  close: () => set({ view: { kind: "none" } }),
}));

/** Pressed a second time on the same picture, it is given up. */
export function compared(view: View, id: string): View {
  if (view.kind !== "choosing") return { kind: "choosing", first: id };
  return view.first === id ? { kind: "none" } : { kind: "comparing", first: view.first, second: id };
}

/** The id of the picture that waits for a second one. */
export function chosenFirst(view: View): string | null {
  return view.kind === "choosing" ? view.first : null;
}
