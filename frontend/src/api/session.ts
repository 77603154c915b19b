/** The user of this page: loaded when it is opened, and again where it may have changed. */
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "./client";
import type { Me } from "./types";

const KEY = "lora-studio:session";
const TIMEOUT_MS = 8_000;

/** `data.user` is null for a visitor without an account. The response sets the cookie that proves later calls. */
export function useMe() {
  return useQuery({ queryKey: ["me"], queryFn: fetchMe, staleTime: 30_000 });
}

function fetchMe(): Promise<Me> {
  return answer(api.GET("/api/auth/me", { signal: AbortSignal.timeout(TIMEOUT_MS) }));
}

/** Loads `path` anew after a login or logout, so that nothing of the user before is left in memory; other windows of
 * this browser reload where they are. */
export function changeUser(path: string): void {
  try {
    localStorage.setItem(KEY, crypto.randomUUID?.() ?? String(Date.now()));
  } catch {
    // storage is forbidden: other windows find out at their next call
  }
  window.location.assign(path);
}

/** Reloads this window when another one has logged in or out. Returns how to stop. */
export function followOtherWindows(): () => void {
  const onStorage = (event: StorageEvent) => event.key === KEY && window.location.reload();
  window.addEventListener("storage", onStorage);
  return () => window.removeEventListener("storage", onStorage);
}
