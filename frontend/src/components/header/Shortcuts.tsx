"use client";
import { useEffect } from "react";
import { create } from "zustand";
import { lazyPart } from "@/lib/lazy";

export const useShortcuts = create<{ isOpen: boolean }>()(() => ({ isOpen: false }));

export const openShortcuts = () => useShortcuts.setState({ isOpen: true });
const close = () => useShortcuts.setState({ isOpen: false });

const [Sheet] = lazyPart(() => import("./ShortcutsSheet"), { onMissing: close });

/** The list of keys, opened by `?` where no text is typed. */
export function Shortcuts() {
  const { isOpen } = useShortcuts();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "?" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const isTyping = event.target instanceof Element && event.target.matches("input, select, textarea");
      if (!isTyping) openShortcuts();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return isOpen ? <Sheet onClose={close} /> : null;
}
