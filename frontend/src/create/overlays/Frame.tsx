"use client";
import type { ReactNode } from "react";
import { type Picture, pictureName } from "@/domain/picture";
import { transformOf, type View } from "@/pictures/zoom/view";

interface FrameProps {
  picture: Picture;
  view: View;
  /** Over the picture, within its frame. */
  children?: ReactNode;
}

/** A frame with the picture's aspect ratio, as large as fits, and the part of the picture that the view shows. */
export function Frame({ picture, view, children }: FrameProps) {
  const { width, height } = picture.output;
  return (
    <div className="grid size-full min-h-0 min-w-0 place-items-center [container-type:size]">
      <div
        data-frame
        className="relative overflow-hidden rounded-xl bg-muted"
        style={{ aspectRatio: `${width} / ${height}`, width: `min(100cqw, ${(100 * width) / height}cqh)` }}
      >
        <Layer picture={picture} view={view} />
        {children}
      </div>
    </div>
  );
}

export function Layer({ picture, view }: { picture: Picture; view: View }) {
  return (
    <img
      src={picture.output.url}
      alt={pictureName(picture)}
      draggable={false}
      className="pointer-events-none absolute inset-0 size-full object-contain"
      style={{ transform: transformOf(view) }}
    />
  );
}
