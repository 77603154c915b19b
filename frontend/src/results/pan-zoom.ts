/** Wheel, drag and pinch on a stage, as one shared view. */
import { type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";
import { panned, type View, WHOLE, ZOOM_STEP, zoomed } from "./compare-geometry";

interface Point {
  x: number;
  y: number;
}

const WHEEL_PER_DOUBLING_PX = 400;

/** `stage`: the element whose size the view is measured in. `onDrag`: takes a drag that has nothing to pan (client x). */
export function usePanZoom(stage: RefObject<HTMLElement | null>, onDrag?: (clientX_px: number) => void) {
  const [view, setView] = useState<View>(WHOLE);
  const pointers = useRef(new Map<number, Point>());

  useEffect(() => {
    const element = stage.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const factor = 2 ** (-event.deltaY / WHEEL_PER_DOUBLING_PX);
      const point = { x: event.clientX, y: event.clientY };
      setView((old) => zoomed(old, factor, point, boxUnder(element, event.target)));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [stage]);

  function onPointerDown(event: PointerEvent<HTMLElement>) {
    event.currentTarget.setPointerCapture(event.pointerId);
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (view.zoom === 1 && pointers.current.size === 1) onDrag?.(event.clientX);
  }

  function onPointerMove(event: PointerEvent<HTMLElement>) {
    const before = pointers.current.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    pointers.current.set(event.pointerId, now);
    const box = boxUnder(event.currentTarget, event.target);
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      setView((old) => zoomed(old, factor, other, box));
    } else if (view.zoom > 1) setView((old) => panned(old, now.x - before.x, now.y - before.y, box));
    else onDrag?.(now.x);
  }

  function onPointerEnd(event: PointerEvent<HTMLElement>) {
    pointers.current.delete(event.pointerId);
  }

  return {
    view,
    reset: () => setView(WHOLE),
    /** Around the middle. */
    zoomIn: () => setView((old) => zoomed(old, ZOOM_STEP, null, NO_BOX)),
    zoomOut: () => setView((old) => zoomed(old, 1 / ZOOM_STEP, null, NO_BOX)),
    handlers: { onPointerDown, onPointerMove, onPointerUp: onPointerEnd, onPointerCancel: onPointerEnd },
  };
}

const NO_BOX = { left: 0, top: 0, width: 0, height: 0 };

/** The picture's frame that the pointer is over; the first one where it is over none. */
function boxUnder(stage: HTMLElement, target: EventTarget | null): DOMRect {
  const frame = target instanceof Element ? target.closest("[data-frame]") : null;
  return (frame ?? stage.querySelector("[data-frame]") ?? stage).getBoundingClientRect();
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
