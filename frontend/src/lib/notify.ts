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

export function notify(kind: NoticeKind, text: string, offer?: Offer): void {
  useNotices.setState({ last: { kind, text, ...(offer && { offer }) } });
}
