/** Scroll positions of the pages that Back and Forward lead to. The browser restores a position before React has rendered the
 * page, when the page is still too short; this module restores it again once the page is long enough. */

/** The page before may still be there, and long enough, for so long. */
const AT_LEAST_MS = 400;
const GIVE_UP_MS = 3_000;
const INTERRUPTS = ["wheel", "touchstart", "keydown", "pointerdown"] as const;

/** Remembers and restores from now on. Returns how to stop. A browser without the Navigation API is left alone. */
export function keepScroll(): () => void {
  const { navigation } = window as { navigation?: { currentEntry: { key: string } | null } };
  if (!navigation) return () => {};
  const tops_px = new Map<string, number>();
  let endRestoring: (() => void) | null = null;
  const key = () => navigation.currentEntry?.key ?? "";

  function remember(): void {
    if (!endRestoring) tops_px.set(key(), window.scrollY);
  }

  function restore(): void {
    endRestoring?.();
    const top_px = tops_px.get(key());
    if (top_px === undefined) return;
    const start_ms = performance.now();
    const tryAgain = () => {
      window.scrollTo(0, top_px);
      const isThere = Math.abs(window.scrollY - top_px) < 1;
      const passed_ms = performance.now() - start_ms;
      if (passed_ms > (isThere ? AT_LEAST_MS : GIVE_UP_MS)) endRestoring?.();
      else frame = requestAnimationFrame(tryAgain);
    };
    let frame = requestAnimationFrame(tryAgain);
    endRestoring = () => {
      cancelAnimationFrame(frame);
      for (const name of INTERRUPTS) window.removeEventListener(name, interrupt);
      endRestoring = null;
    };
    const interrupt = () => endRestoring?.();
    for (const name of INTERRUPTS) window.addEventListener(name, interrupt, { passive: true });
  }

  window.addEventListener("scroll", remember, { passive: true });
  window.addEventListener("popstate", restore);
  return () => {
    endRestoring?.();
    window.removeEventListener("scroll", remember);
    window.removeEventListener("popstate", restore);
  };
}
