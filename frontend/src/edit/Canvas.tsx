"use client";
import { useId, useRef, useState } from "react";
import { type Picture, pictureName } from "@/domain/picture";
import { t } from "@/i18n/t";
import { cn } from "@/lib/cn";
import { percent } from "@/lib/words/quantities";
import type { usePanZoom } from "@/pictures/zoom/pan-zoom";
import { transformOf } from "@/pictures/zoom/view";
import { useBrush } from "./use-brush";
import type { Editor } from "./use-editor";

interface CanvasProps {
  picture: Picture;
  editor: Editor;
  panZoom: ReturnType<typeof usePanZoom>;
  /** Width of the soft edge, pixels of the picture. */
  blur: number;
  onStage: (stage: HTMLDivElement | null) => void;
}

/** The picture with the mask over it, as soft as it will be used. */
export function Canvas({ picture, editor, panZoom, blur, onStage }: CanvasProps) {
  const { width, height, url } = picture.output;
  const { cursor, size, painting } = editor;
  const { zoom } = panZoom.view;
  const frame = useRef<HTMLDivElement>(null);
  const help = useId();
  const [place, setPlace] = useState("");
  const handlers = useBrush({
    editor,
    panZoom,
    picture: picture.output,
    frame,
    onKeyMove: ({ x, y }) =>
      setPlace(t("{x} from the left, {y} from the top", { x: inPercent(x / width), y: inPercent(y / height) })),
  });
  /** Shares of the frame's width: CSS has no other unit that follows it. */
  const wide = (px: number) => `${(100 * px) / width}cqw`;
  return (
    <div
      ref={onStage}
      role="application"
      aria-label={t("Canvas")}
      aria-describedby={help}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys of its own
      tabIndex={0}
      className="group grid size-full min-h-0 min-w-0 cursor-crosshair touch-none select-none place-items-center outline-none [container-type:size]"
      onContextMenu={(event) => event.preventDefault()}
      {...handlers}
    >
      <p id={help} className="sr-only">
        {t(
          "Paint over what should change. Arrow keys move the brush, with Shift further. Enter or the space bar paints a dot; hold the space bar and press arrow keys to paint a line. B and E choose brush and eraser, [ and ] change the size, I inverts, Ctrl+Z takes back.",
        )}
      </p>
      <p aria-live="polite" className="sr-only">
        {place}
      </p>
      <div
        ref={frame}
        data-frame
        className="relative overflow-hidden rounded-xl bg-muted ring-ring ring-offset-2 ring-offset-background [container-type:inline-size] group-focus-visible:ring-2"
        style={{ aspectRatio: `${width} / ${height}`, width: `min(100cqw, ${(100 * width) / height}cqh)` }}
      >
        <div className="pointer-events-none absolute inset-0" style={{ transform: transformOf(panZoom.view) }}>
          <img src={url} alt={pictureName(picture)} draggable={false} className="absolute inset-0 size-full" />
          <canvas
            ref={useStableRef(editor.setOverlay)}
            width={width}
            height={height}
            className="absolute inset-0 size-full opacity-60"
            style={blur > 0 ? { filter: `blur(${wide(blur)})` } : undefined}
          />
          <div
            aria-hidden
            className={cn(
              "-translate-x-1/2 -translate-y-1/2 absolute rounded-full border-white opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100",
              painting.isDrawing && "opacity-100",
            )}
            style={{
              left: `${(100 * cursor.x) / width}%`,
              top: `${(100 * cursor.y) / height}%`,
              width: wide(size),
              height: wide(size),
              borderWidth: 1.5 / zoom,
              boxShadow: `0 0 0 ${1.5 / zoom}px rgb(0 0 0 / 0.6)`,
            }}
          />
        </div>
      </div>
    </div>
  );
}

/** The same function at each render: React would take the canvas away and give it back otherwise. */
function useStableRef(ref: (canvas: HTMLCanvasElement | null) => void) {
  return useState(() => ref)[0];
}

function inPercent(share: number): string {
  return `${Math.round(percent(share))} %`;
}
