"use client";
import { type ReactNode, useEffect, useRef, useState } from "react";

/** Keeps the form in reach: once it is scrolled out of a window with room for it, it is a line at the upper edge. Its place
 * in the page stays as high as it was, so that nothing moves. */
export function Dock({ children }: { children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const [height_px, setHeight_px] = useState<number | null>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const observer = new IntersectionObserver(([entry]) => {
      const isGone = entry && !entry.isIntersecting && entry.boundingClientRect.bottom < 0;
      setHeight_px(isGone ? entry.boundingClientRect.height : null);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const isDocked = height_px !== null;
  return (
    <div ref={place} className="pt-1 sm:pt-2" style={isDocked ? { height: height_px } : undefined}>
      <div data-docked={isDocked || undefined} className="dock">
        {children}
      </div>
    </div>
  );
}
