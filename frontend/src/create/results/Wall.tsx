"use client";
import { t } from "@/i18n/t";
import "react-photo-album/masonry.css";
import { memo, useMemo, useState } from "react";
import { MasonryPhotoAlbum, type Photo } from "react-photo-album";
import { Button } from "@/components/ui/button";
import type { Job } from "@/domain/job";
import { type Picture, picturesOf } from "@/domain/picture";
import { ClearList } from "./ClearList";
import { Tile } from "./Tile";

interface WallPhoto extends Photo {
  picture: Picture;
}

const PAGE = 48;
const MIN_COLUMN_PX = 190;
const GAP_PX = 12;

interface WallProps {
  jobs: readonly Job[];
  /** True if the server has older jobs. */
  hasMore: boolean;
  onMore: () => void;
  onClear: () => void;
}

/** Every finished picture of the jobs, newest first, in columns that keep each one's shape. */
export default memo(function Wall({ jobs, hasMore, onMore, onClear }: WallProps) {
  const [limit, setLimit] = useState(PAGE);
  const pictures = useMemo(() => picturesOf(jobs), [jobs]);
  const photos = useMemo(() => pictures.slice(0, limit).map(photoOf), [pictures, limit]);
  if (pictures.length === 0) return null;

  function showMore() {
    setLimit(limit + PAGE);
    if (hasMore && pictures.length < limit + PAGE) onMore();
  }

  return (
    <section aria-labelledby="earlier" className="space-y-4">
      <header className="flex items-center justify-between gap-4">
        <h2 id="earlier" className="font-medium text-muted-foreground text-sm">
          {t("Earlier")}
        </h2>
        <ClearList onClear={onClear} />
      </header>
      <MasonryPhotoAlbum<WallPhoto>
        photos={photos}
        spacing={GAP_PX}
        columns={(width_px) => Math.max(2, Math.min(6, Math.floor((width_px + GAP_PX) / (MIN_COLUMN_PX + GAP_PX))))}
        componentsProps={{ container: { role: "group", "aria-label": t("Earlier pictures") } }}
        render={{
          photo: (_props, { photo, width, height }) => (
            <div className="relative w-full rounded-xl bg-muted" style={{ aspectRatio: `${width} / ${height}` }}>
              <Tile picture={photo.picture} sizes={`${Math.ceil(width)}px`} />
            </div>
          ),
        }}
      />
      {(hasMore || pictures.length > limit) && (
        <div className="flex justify-center pt-2">
          <Button variant="secondary" onClick={showMore}>
            {t("Show more")}
          </Button>
        </div>
      )}
    </section>
  );
});

function photoOf(picture: Picture): WallPhoto {
  const { output } = picture;
  return { key: output.id, src: output.thumbnail_url, width: output.width, height: output.height, picture };
}
