/** State of the overlays: one open picture, or two to compare, by picture id. */
import { create } from "zustand";

export type View =
  | { kind: "none" }
  | { kind: "lightbox"; id: string }
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

export const useViewing = create<Viewing>((set) => ({
  view: { kind: "none" },
  open: (id) => set(({ view }) => ({ view: opened(view, id) })),
  compare: (id) => set(({ view }) => ({ view: compared(view, id) })),
  close: () => set({ view: { kind: "none" } }),
}));

export function opened(view: View, id: string): View {
  return view.kind === "choosing" ? compared(view, id) : { kind: "lightbox", id };
}

/** Pressed a second time on the same picture, it is given up. */
export function compared(view: View, id: string): View {
  if (view.kind !== "choosing") return { kind: "choosing", first: id };
  return view.first === id ? { kind: "none" } : { kind: "comparing", first: view.first, second: id };
}

/** The id of the picture that waits for a second one. */
export function chosenFirst(view: View): string | null {
  return view.kind === "choosing" ? view.first : null;
}
