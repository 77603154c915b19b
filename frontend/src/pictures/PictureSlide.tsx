"use client";
import { useState } from "react";
import type { Output } from "@/api/types";
import { Button } from "@/components/ui/button";
import { veil } from "@/domain/picture";
import { t } from "@/i18n/t";
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
  const [isVeiled, setVeiled] = useState(veil(output) !== false);
  const size = fitted(output, room, MAX_SCALE);
  if (look === "missing") {
    return <p className="text-muted-foreground text-sm">{t("Couldn't load this picture.")}</p>;
  }
  return (
    <div className="relative overflow-hidden rounded-lg bg-muted" style={size}>
      <img
        src={output.thumbnail_url}
        alt=""
        className={cn("absolute inset-0 size-full", isVeiled && veil(output))}
        draggable={false}
      />
      <img
        src={output.url}
        alt={name}
        width={size.width}
        height={size.height}
        draggable={false}
        onLoad={() => setLook("there")}
        onError={() => setLook("missing")}
        className={cn(
          "absolute inset-0 size-full transition-opacity duration-200",
          look === "loading" && "opacity-0",
          isVeiled && veil(output),
        )}
      />
      {isVeiled && (
        <div className="absolute inset-0 grid place-content-center justify-items-center gap-3 p-4">
          <p className="rounded-full bg-black/60 px-4 py-1.5 text-center text-sm text-white">
            {t("A classifier finds this picture explicit.")}
          </p>
          <Button variant="secondary" onClick={() => setVeiled(false)}>
            {t("Show it")}
          </Button>
        </div>
      )}
    </div>
  );
}
