"use client";
import { useState } from "react";
import type { Output } from "@/api/types";
import { cn } from "@/lib/cn";
import { fitted } from "@/pictures/zoom/view";

/** Small pictures are enlarged, but not into mush. */
const MAX_SCALE = 3;

interface PictureSlideProps {
  output: Output;
  name: string;
  /** Pixels there are for it. */
  room: { width: number; height: number };
}

/** The whole picture, over its thumbnail until it is loaded. */
export function PictureSlide({ output, name, room }: PictureSlideProps) {
  const [look, setLook] = useState<"loading" | "there" | "missing">("loading");
  const size = fitted(output, room, MAX_SCALE);
  if (look === "missing") {
    return <p className="text-muted-foreground text-sm">Couldn't load this picture.</p>;
  }
  return (
    <div className="relative overflow-hidden rounded-lg bg-muted" style={size}>
      <img src={output.thumbnail_url} alt="" className="absolute inset-0 size-full" draggable={false} />
      <img
        src={output.url}
        alt={name}
        width={size.width}
        height={size.height}
        draggable={false}
        onLoad={() => setLook("there")}
        onError={() => setLook("missing")}
        className={cn("absolute inset-0 size-full transition-opacity duration-200", look === "loading" && "opacity-0")}
      />
    </div>
  );
}
