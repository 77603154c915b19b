/** Who uses this page: asked when it is opened, and again where it may have changed. */
import { useQuery } from "@tanstack/react-query";
import { forgetAll } from "@/jobs/recent";
import { answer, api } from "./client";
import type { Me } from "./types";

const KEY = "lora-studio:session";
const TIMEOUT_MS = 8_000;

/** `data.user` is null for who has not logged in. The answer sets the cookie that later calls are proved with. */
export function useMe() {
  return useQuery({ queryKey: ["me"], queryFn: askMe, staleTime: 30_000 });
}

export function askMe(): Promise<Me> {
  return answer(api.GET("/api/auth/me", { signal: AbortSignal.timeout(TIMEOUT_MS) }));
}

/** Leads to the create page, as nobody: what this browser remembers is forgotten too. Throws Refused, Unreachable. */
export async function logOut(): Promise<void> {
  await answer(api.POST("/api/auth/logout"));
  forgetAll();
  becomeSomebodyElse("/");
}

/** Opens `path` anew after somebody has logged in or out, so that nothing of the one before is left in memory; other
 * windows of this browser do the same where they are. */
export function becomeSomebodyElse(path: string): void {
  try {
    localStorage.setItem(KEY, crypto.randomUUID?.() ?? String(Date.now()));
  } catch {
    // storage is forbidden: other windows find out at their next call
  }
  window.location.assign(path);
}

/** Reloads this window when another one has logged in or out. Answers how to stop. */
export function followOtherWindows(): () => void {
  const onStorage = (event: StorageEvent) => event.key === KEY && window.location.reload();
  window.addEventListener("storage", onStorage);
  return () => window.removeEventListener("storage", onStorage);
}

/** The address of a page that brings back to this one: `/login/?next=/history/`. */
export function thenBack(path: "/login/" | "/register/"): string {
  const { pathname, search } = window.location;
  return `${path}?${new URLSearchParams({ next: pathname + search })}`;
}

/** Where to go after logging in: a page of this site, never another one. */
export function nextPage(query: string): string {
  const next = new URLSearchParams(query).get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}
