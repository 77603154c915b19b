"use client";
import { MoveHorizontalIcon } from "lucide-react";
import type { KeyboardEvent, PointerEvent } from "react";
import type { Picture } from "@/domain/picture";
import { t } from "@/i18n/t";
import { dividerAfter, type View } from "@/pictures/zoom/view";
import { Frame, Layer } from "./Frame";

interface CompareSliderProps {
  first: Picture;
  second: Picture;
  view: View;
  /** Share of the width where the first picture shows. */
  divider_percent: number;
  onDivider: (percent: number) => void;
  /** The handle was dragged to this place. */
  onDrag: (clientX_px: number) => void;
}

/** The first picture over the second, cut off at the divider. */
export function CompareSlider({ first, second, view, divider_percent, onDivider, onDrag }: CompareSliderProps) {
  function onKeyDown(event: KeyboardEvent) {
    const moved = dividerAfter(event.key, divider_percent);
    if (moved === null) return;
    event.preventDefault();
    onDivider(moved);
  }

  return (
    <Frame picture={second} view={view}>
      <div className="absolute inset-0" style={{ clipPath: `inset(0 ${100 - divider_percent}% 0 0)` }}>
        <Layer picture={first} view={view} />
      </div>
      <div
        className="-translate-x-1/2 absolute inset-y-0 w-0.5 bg-white shadow-[0_0_6px_rgb(0_0_0/0.45)]"
        style={{ left: `${divider_percent}%` }}
      >
        <div
          role="slider"
          tabIndex={0}
          aria-label={t("Divider")}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(divider_percent)}
          aria-valuetext={t("{percent} % of the first picture", { percent: Math.round(divider_percent) })}
          onKeyDown={onKeyDown}
          {...dragging(onDrag)}
          className="-translate-x-1/2 -translate-y-1/2 absolute top-1/2 left-1/2 grid size-11 cursor-ew-resize touch-none place-items-center rounded-full bg-white text-black focus-visible:outline-4"
        >
          <MoveHorizontalIcon aria-hidden className="size-5" />
        </div>
      </div>
    </Frame>
  );
}

/** The handle moves the divider at any zoom, so its drags stay its own. */
function dragging(onDrag: (clientX_px: number) => void) {
  return {
    onPointerDown(event: PointerEvent<HTMLElement>) {
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
      event.stopPropagation();
      onDrag(event.clientX);
    },
  };
}
