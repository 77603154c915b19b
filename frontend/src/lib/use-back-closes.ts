import { useEffect, useRef } from "react";

/** Back closes what covers the page, instead of leaving the page. */
export function useBackCloses(close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    let isBack = false;
    const onBack = () => {
      isBack = true;
      latest.current();
    };
    window.history.pushState(window.history.state, "", window.location.href);
    window.addEventListener("popstate", onBack);
    return () => {
      window.removeEventListener("popstate", onBack);
      if (!isBack) window.history.back();
    };
  }, []);
}
