/** Short notices at the lower edge. Their code is fetched with the first one. */
import { create } from "zustand";

export type NoticeKind = "success" | "error";

/** What a notice offers to do. */
export interface Offer {
  readonly label: string;
  run(): void;
}

interface Notices {
  /** The last notice; null before the first. */
  readonly last: { readonly kind: NoticeKind; readonly text: string; readonly offer?: Offer } | null;
}

export const useNotices = create<Notices>()(() => ({ last: null }));

const KEY = "lora-studio:note";

/** A notice that the next page of this window shows. */
export function noteAfterReload(text: string): void {
  try {
    sessionStorage.setItem(KEY, text);
  } catch {
    // storage is forbidden: the page shows by itself that it worked
  }
}

/** Shows what the page before has left. */
export function showNoteOfLastPage(): void {
  try {
    const text = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    if (text) notify("success", text);
  } catch {
    // storage is forbidden
  }
}

export function notify(kind: NoticeKind, text: string, offer?: Offer): void {
  useNotices.setState({ last: { kind, text, ...(offer && { offer }) } });
}
