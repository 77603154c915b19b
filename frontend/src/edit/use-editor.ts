import { useReducer, useRef, useState } from "react";
import type { Image } from "@/domain/job";
import { brushLimits, type Command, type Tool } from "./keys";
import { type Area, bytesIn, type Point, wholeOf } from "./mask/mask";
import { Painting } from "./mask/painting";

export type Editor = ReturnType<typeof useEditor>;

/** Share of the picture's longer side. */
const FIRST_BRUSH = 0.12;
/** Of the mask on the canvas: blue, green, red, as canvases have them in a word. Rare in pictures. */
const COLOR = 0x78_2d_ff;
const ALPHA_BITS = 24;

/** The last painting, so that an editor that was closed opens again as it was left. */
let kept: { readonly id: string; readonly painting: Painting } | null = null;

/** The mask of a picture, the brush, and what changes them. */
export function useEditor(picture: Image) {
  const { width, height } = picture;
  const [painting] = useState(() => keptFor(picture));
  const [, render] = useReducer((count: number) => count + 1, 0);
  const overlay = useRef<HTMLCanvasElement>(null);
  const limits = brushLimits(picture);
  const [tool, setTool] = useState<Tool>("brush");
  const [size, setSize] = useState(() => Math.round(FIRST_BRUSH * Math.max(width, height)));
  const [cursor, setCursor] = useState<Point>({ x: width / 2, y: height / 2 });
  const [share, setShare] = useState(painting.share);

  /** Shows what has changed. A stroke that goes on is counted when it has ended. */
  function show(area: Area) {
    drawMask(overlay.current, painting, area);
    if (painting.isDrawing) return;
    setShare(painting.share);
    render();
  }

  function resize(wanted: number) {
    setSize(Math.round(Math.min(limits.max, Math.max(limits.min, wanted))));
  }

  /** Returns false for what is the canvas's own. */
  function run(command: Command): boolean {
    switch (command.kind) {
      case "undo":
      case "redo":
      case "invert":
        show(painting[command.kind]());
        return true;
      case "tool":
        setTool(command.tool);
        return true;
      case "grow":
        resize(
          command.factor > 1 ? Math.max(size + 1, size * command.factor) : Math.min(size - 1, size * command.factor),
        );
        return true;
      default:
        return false;
    }
  }

  function setOverlay(canvas: HTMLCanvasElement | null) {
    overlay.current = canvas;
    drawMask(canvas, painting, wholeOf(painting.mask));
  }

  return {
    ...{ painting, limits, tool, size, cursor, share },
    ...{ setTool, resize, setCursor, setOverlay, show, run },
    clear: () => show(painting.clear()),
  };
}

function keptFor({ id, width, height }: Image): Painting {
  const painting = kept?.id === id ? kept.painting : new Painting(width, height);
  kept = { id, painting };
  return painting;
}

function drawMask(canvas: HTMLCanvasElement | null, { mask }: Painting, area: Area): void {
  const context = canvas?.getContext("2d");
  if (!context || area.width * area.height === 0) return;
  const image = context.createImageData(area.width, area.height);
  const words = new Uint32Array(image.data.buffer);
  bytesIn(mask, area).forEach((value, at) => {
    words[at] = COLOR | (value << ALPHA_BITS);
  });
  context.putImageData(image, area.x, area.y);
}
