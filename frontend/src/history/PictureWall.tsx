"use client";
import { useCallback, useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { t } from "@/i18n/t";
import { HistoryTile } from "./HistoryTile";
import type { HistoryPicture } from "./items";
import { type Row, rowsWithin, wallOf } from "./rows";
import { useSelection } from "./selection";

/** Beyond the window's upper and lower edge. */
const AHEAD_PX = 700;
/** Called when the wall is scrolled near its end: more jobs can be fetched. */
const NEAR_END_PX = 2_000;

interface PictureWallProps {
  pictures: readonly HistoryPicture[];
  onOpen: (id: string) => void;
  /** Called when the pointer or the focus reaches a picture: the viewer's code can be fetched. */
  onNear: () => void;
  /** Undefined: there is no more, or it is on its way. */
  onNearEnd: (() => void) | undefined;
}

/** All pictures under the names of their days. Only those near the window are in the document, so that thousands cost
 * no more than a screenful. */
export function PictureWall({ pictures, onOpen, onNear, onNearEnd }: PictureWallProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useView(box);
  const wall = useMemo(() => wallOf(pictures, view.width_px), [pictures, view.width_px]);
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const choose = useChooser(pictures);

  // first what can be seen: what lies ahead follows when that is painted
  const ahead_px = useDeferredValue(AHEAD_PX, 0);
  const { first, end } = rowsWithin(wall.rows, view.top_px - ahead_px, view.top_px + view.height_px + ahead_px);
  const shown = wall.rows.slice(first, end);
  const focused = focusedId === null ? undefined : wall.rows.find((row) => holds(row, focusedId));
  // the focused row stays in the document, however far the window is scrolled
  const rows = focused && !shown.includes(focused) ? [...shown, focused] : shown;

  const isNearEnd = ahead_px > 0 && wall.height - (view.top_px + view.height_px) < NEAR_END_PX;
  useEffect(() => {
    if (isNearEnd && view.width_px > 0) onNearEnd?.();
  }, [isNearEnd, view.width_px, onNearEnd]);

  return (
    // biome-ignore lint/a11y/useSemanticElements: no fieldset: there is no form
    <div
      ref={box}
      role="group"
      aria-label={t("Pictures")}
      className="relative"
      style={{ height: wall.height }}
      onFocus={(event) => setFocusedId(event.target.closest("[data-tile]")?.getAttribute("data-tile") ?? null)}
      onBlur={() => setFocusedId(null)}
    >
      {rows.map((row) =>
        row.heading !== null ? (
          <h2
            key={`day ${row.heading}`}
            className="absolute inset-x-0 flex items-end pb-2.5 font-medium text-sm"
            style={{ top: row.top, height: row.height }}
          >
            {row.heading}
          </h2>
        ) : (
          row.places.map(({ item, left, width }) => (
            <HistoryTile
              key={item.id}
              picture={item}
              top={row.top}
              left={left}
              width={width}
              height={row.height}
              onOpen={onOpen}
              onNear={onNear}
              onChoose={choose}
            />
          ))
        ),
      )}
    </div>
  );
}

function holds(row: Row<HistoryPicture>, id: string): boolean {
  return row.places.some(({ item }) => item.id === id);
}

/** Chooses a picture, or with Shift all from the one chosen last. */
function useChooser(pictures: readonly HistoryPicture[]) {
  const last = useRef<string | null>(null);
  return useCallback(
    (id: string, isChosen: boolean, isRange: boolean) => {
      const from = pictures.findIndex((picture) => picture.id === last.current);
      const to = pictures.findIndex((picture) => picture.id === id);
      last.current = id;
      const range = isRange && from >= 0 ? pictures.slice(Math.min(from, to), Math.max(from, to) + 1) : [];
      useSelection.getState().choose([id, ...range.map((picture) => picture.id)], isChosen);
    },
    [pictures],
  );
}

interface View {
  width_px: number;
  /** From the upper edge of the wall down to that of the window; negative above it. */
  top_px: number;
  height_px: number;
}

/** Steps in which scrolling is followed: the rows ahead cover them. */
const STEP_PX = 200;

/** The part of `box` that the window shows. */
function useView(box: { current: HTMLElement | null }): View {
  const [view, setView] = useState<View>({ width_px: 0, top_px: 0, height_px: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      const { top, width } = element.getBoundingClientRect();
      const next = {
        width_px: Math.floor(width),
        top_px: Math.floor(-top / STEP_PX) * STEP_PX,
        height_px: window.innerHeight + STEP_PX,
      };
      setView((now) =>
        now.width_px === next.width_px && now.top_px === next.top_px && now.height_px === next.height_px ? now : next,
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    window.addEventListener("scroll", measure, { passive: true });
    window.addEventListener("resize", measure);
    return () => {
      observer.disconnect();
      window.removeEventListener("scroll", measure);
      window.removeEventListener("resize", measure);
    };
  }, [box]);
  return view;
}
