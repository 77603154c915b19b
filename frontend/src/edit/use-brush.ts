/** Pointers and keys on the canvas: they draw, or move the view. */
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import type { usePanZoom } from "@/pictures/zoom/pan-zoom";
import { shareAt } from "@/pictures/zoom/view";
import { commandOf } from "./keys";
import { joined, NOTHING, type Point } from "./mask/mask";
import type { Editor } from "./use-editor";

const MIDDLE = 1;
const RIGHT = 2;
/** In `buttons`: the other end of a pen. */
const PEN_ERASER = 32;
/** Of a pen's brush without pressure. */
const LEAST_WIDTH = 0.35;

interface BrushOptions {
  editor: Editor;
  panZoom: ReturnType<typeof usePanZoom>;
  picture: { readonly width: number; readonly height: number };
  /** What shows the picture. */
  frame: { readonly current: HTMLElement | null };
  onKeyMove: (cursor: Point) => void;
}

export function useBrush({ editor, panZoom, picture, frame, onKeyMove }: BrushOptions) {
  const { painting, tool, size, cursor, setCursor, show } = editor;
  const { view, handlers } = panZoom;
  const down = useRef(new Set<number>());
  const space = useRef<"up" | "down" | "used">("up");

  function placeOf({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const box = frame.current?.getBoundingClientRect() ?? { left: 0, top: 0, width: 0, height: 0 };
    const share = shareAt(view, { x: clientX, y: clientY }, box);
    return { x: share.x * picture.width, y: share.y * picture.height };
  }

  function onPointerDown(event: PointerEvent<HTMLElement>) {
    handlers.onPointerDown(event);
    down.current.add(event.pointerId);
    if (down.current.size > 1) return show(painting.abort());
    if (space.current !== "up") space.current = "used";
    else if (event.button !== MIDDLE && event.button !== RIGHT) {
      const point = placeOf(event);
      setCursor(point);
      const isErasing = tool === "eraser" || (event.buttons & PEN_ERASER) !== 0;
      show(painting.begin(point, radiusOf(event.nativeEvent, size), isErasing));
    }
  }

  function onPointerMove(event: PointerEvent<HTMLElement>) {
    handlers.onPointerMove(event);
    const isDown = down.current.has(event.pointerId);
    if (isDown && painting.isDrawing) {
      const events = event.nativeEvent.getCoalescedEvents?.() ?? [];
      const areas = (events.length > 0 ? events : [event.nativeEvent]).map((each) =>
        painting.goOn(placeOf(each), radiusOf(each, size)),
      );
      show(areas.reduce(joined, NOTHING));
    }
    if (!isDown || painting.isDrawing) setCursor(placeOf(event));
  }

  function onPointerEnd(event: PointerEvent<HTMLElement>) {
    handlers.onPointerUp(event);
    down.current.delete(event.pointerId);
    endStroke();
  }

  function endStroke() {
    if (!painting.isDrawing) return;
    painting.end();
    show(NOTHING);
  }

  function dot(at: Point) {
    show(painting.begin(at, size / 2, tool === "eraser"));
    endStroke();
  }

  function onKeyDown(event: KeyboardEvent<HTMLElement>) {
    if (event.key === " ") {
      event.preventDefault();
      if (!event.repeat) space.current = "down";
      return;
    }
    const command = commandOf(event, "canvas");
    if (command?.kind === "dot" && !event.repeat) dot(cursor);
    else if (command?.kind === "move") move({ x: command.dx * size, y: command.dy * size }, event.key);
    else return;
    event.preventDefault();
  }

  /** With the space bar held, the cursor draws. */
  function move(by: Point, key: string) {
    const next = { x: clamp(cursor.x + by.x, picture.width), y: clamp(cursor.y + by.y, picture.height) };
    if (space.current !== "up" && down.current.size === 0) {
      space.current = "used";
      if (!painting.isDrawing) show(painting.begin(cursor, size / 2, tool === "eraser"));
      show(painting.goOn(next, size / 2));
    }
    setCursor(next);
    onKeyMove(next);
    const [x, y] = [next.x / picture.width - 0.5, next.y / picture.height - 0.5].map((each) => each * view.zoom);
    if (Math.abs((x ?? 0) + view.x) > 0.5 || Math.abs((y ?? 0) + view.y) > 0.5) panZoom.onKey(key);
  }

  function onKeyUp(event: KeyboardEvent<HTMLElement>) {
    if (event.key !== " ") return;
    event.preventDefault();
    if (space.current === "down") dot(cursor);
    else endStroke();
    space.current = "up";
  }

  function onBlur() {
    space.current = "up";
    if (down.current.size === 0) endStroke();
  }

  return {
    ...{ onPointerDown, onPointerMove, onKeyDown, onKeyUp, onBlur },
    onPointerUp: onPointerEnd,
    onPointerCancel: onPointerEnd,
  };
}

/** A pen draws wider where it is pressed. */
function radiusOf({ pointerType, pressure }: { pointerType: string; pressure: number }, size: number): number {
  const isPen = pointerType === "pen" && pressure > 0;
  return (size / 2) * (isPen ? LEAST_WIDTH + (1 - LEAST_WIDTH) * pressure : 1);
}

function clamp(value: number, high: number): number {
  return Math.min(high, Math.max(0, value));
}
