"use client";
import { type CSSProperties, type ReactNode, useState } from "react";
import { cn } from "@/lib/cn";
import { usePanZoom } from "@/pictures/zoom/pan-zoom";
import { transformOf } from "@/pictures/zoom/view";
import { ZoomControls } from "@/pictures/zoom/ZoomControls";

interface ZoomStageProps {
  /** Content of the bar, to the left of the zoom buttons. */
  head: ReactNode;
  children: ReactNode;
}

/** All pictures inside show the same part. A child gives its image the transform `var(--view)`, in a frame marked
 * `data-frame`. */
export function ZoomStage({ head, children }: ZoomStageProps) {
  const [stage, setStage] = useState<HTMLElement | null>(null);
  const { view, zoomIn, zoomOut, reset, onKey, handlers } = usePanZoom(stage, { isInPage: true });
  const isZoomed = view.zoom > 1;

  function onKeyDown(event: React.KeyboardEvent) {
    if (event.key === "+" || event.key === "=") zoomIn();
    else if (event.key === "-") zoomOut();
    else if (event.key === "0") reset();
    else if (isZoomed && event.key.startsWith("Arrow")) {
      event.preventDefault();
      onKey(event.key);
    }
  }

  return (
    <div className="space-y-6">
      <div className="sticky top-0 z-30 -mx-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-2 bg-background/95 px-4 py-2 sm:-mx-6 sm:px-6">
        {head}
        <div className="flex items-center">
          <ZoomControls zoom={view.zoom} onIn={zoomIn} onOut={zoomOut} onReset={reset} />
        </div>
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys come from the tables in it, which can be focused */}
      <div
        ref={setStage}
        onKeyDown={onKeyDown}
        onDoubleClick={isZoomed ? reset : zoomIn}
        style={{ "--view": transformOf(view) } as CSSProperties}
        className={cn(
          "select-none space-y-10",
          isZoomed ? "cursor-grab touch-none active:cursor-grabbing" : "touch-pan-x touch-pan-y",
        )}
        {...handlers}
      >
        {children}
      </div>
    </div>
  );
}
