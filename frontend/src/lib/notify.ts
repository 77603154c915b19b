/** Short notices at the lower edge. Their code is fetched with the first one. */
import { create } from "zustand";

export type NoticeKind = "success" | "error";

interface Notices {
  /** The last notice; null before the first. */
  readonly last: { readonly kind: NoticeKind; readonly text: string } | null;
}

export const useNotices = create<Notices>()(() => ({ last: null }));

export function notify(kind: NoticeKind, text: string): void {
  useNotices.setState({ last: { kind, text } });
}
