/** Wheel, drag, pinch and arrow keys on a stage, as one shared view. */
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { panned, pannedByKey, type View, WHOLE, ZOOM_STEP, zoomed } from "./view";

interface Point {
  x: number;
  y: number;
}

const WHEEL_PER_DOUBLING_PX = 400;

interface PanZoomOptions {
  /** Takes a drag that has nothing to pan (client x). */
  onDrag?: ((clientX_px: number) => void) | undefined;
  /** The wheel scrolls the page unless Ctrl is held, as pinching on a touchpad does. */
  isInPage?: boolean;
  /** True if a drag of one pointer is no pan now: it draws. */
  isDrawing?: () => boolean;
}

/** `stage`: the element that takes them, once it is there. */
export function usePanZoom(stage: HTMLElement | null, options: PanZoomOptions = {}) {
  const { onDrag, isInPage = false, isDrawing } = options;
  const [view, setView] = useState<View>(WHOLE);
  const pointers = useRef(new Map<number, Point>());

  useEffect(() => {
    if (!stage) return;
    const onWheel = (event: WheelEvent) => {
      if (isInPage && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const factor = 2 ** (-event.deltaY / WHEEL_PER_DOUBLING_PX);
      const point = { x: event.clientX, y: event.clientY };
      setView((old) => zoomed(old, factor, point, boxUnder(stage, event.target)));
    };
    stage.addEventListener("wheel", onWheel, { passive: false });
    return () => stage.removeEventListener("wheel", onWheel);
  }, [stage, isInPage]);

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
    } else if (isDrawing?.()) return;
    else if (view.zoom > 1) setView((old) => panned(old, now.x - before.x, now.y - before.y, box));
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
    onKey: (key: string) => setView((old) => pannedByKey(old, key)),
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
