"use client";
import { ColumnsIcon, DownloadIcon, EllipsisIcon, HeartIcon } from "lucide-react";
import { useState } from "react";
import { PopoverTrigger } from "@/components/PopoverTrigger";
import { Button, buttonLook } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { useFormActions } from "@/create/form";
import { loadCompare, loadLightbox } from "@/create/overlays/lazy";
import { chosenFirst, useViewing } from "@/create/overlays/viewing";
import { useStart } from "@/create/start";
import { type Picture, pictureName, veil } from "@/domain/picture";
import { t } from "@/i18n/t";
import { useFavorite } from "@/jobs/favorites";
import { cn } from "@/lib/cn";
import { lazyPart } from "@/lib/lazy";

const [Menu, loadMenu] = lazyPart(() => import("@/actions/Menu"), { meanwhile: () => <div className="min-h-56" /> });

/** A finished picture that fills its place: opens when clicked, and offers the most common actions. `sizes` as of
 * `<img>`. */
export function Tile({ picture, sizes }: { picture: Picture; sizes: string }) {
  const { output } = picture;
  const open = useViewing((viewing) => viewing.open);
  const { write } = useFormActions();
  const isFirst = useViewing((viewing) => chosenFirst(viewing.view) === output.id);
  return (
    <div className="group absolute inset-0">
      <button
        type="button"
        data-picture={output.id}
        aria-haspopup="dialog"
        onPointerEnter={loadLightbox}
        onFocus={loadLightbox}
        onClick={() => void write().then(() => open(output.id))} // what was typed stays in the address before
        className="absolute inset-0 overflow-hidden rounded-xl"
      >
        <Shown picture={picture} sizes={sizes} />
        {isFirst && <span className="absolute inset-0 rounded-xl ring-4 ring-primary ring-inset" />}
      </button>
      <Actions picture={picture} isFirst={isFirst} />
    </div>
  );
}

function Shown({ picture, sizes }: { picture: Picture; sizes: string }) {
  const { output } = picture;
  const [look, setLook] = useState<"loading" | "there" | "missing">("loading");
  if (look === "missing") {
    return (
      <span className="absolute inset-0 grid place-items-center bg-muted p-4 text-center text-muted-foreground text-sm">
        {t("Couldn't load this picture.")}
      </span>
    );
  }
  return (
    <img
      src={output.thumbnail_url}
      srcSet={thumbnailSet(picture)}
      sizes={sizes}
      width={output.width}
      height={output.height}
      alt={pictureName(picture)}
      loading="lazy"
      decoding="async"
      onLoad={() => setLook("there")}
      onError={() => setLook("missing")}
      className={cn(
        "size-full object-cover transition-opacity duration-500",
        look === "loading" && "opacity-0",
        veil(output),
      )}
    />
  );
}

/** The thumbnail and, for dense screens and large tiles, the picture itself. */
function thumbnailSet({ output }: Picture): string | undefined {
  if (output.thumbnail_url === output.url) return undefined;
  const scale = THUMBNAIL_PX / Math.max(output.width, output.height);
  return `${output.thumbnail_url} ${Math.round(output.width * scale)}w, ${output.url} ${output.width}w`;
}

/** Longest side of a thumbnail. */
const THUMBNAIL_PX = 384;

function Actions({ picture, isFirst }: { picture: Picture; isFirst: boolean }) {
  const { output } = picture;
  const compare = useViewing((viewing) => viewing.compare);
  const setFavorite = useFavorite();
  const { startFrom } = useStart();
  const isFavorite = output.favorite;
  const onHover =
    "opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100 focus-visible:outline-white";
  return (
    <div className="pointer-events-none absolute right-2 bottom-2 flex gap-1.5 [&>*]:pointer-events-auto">
      <Tip label={isFirst ? t("Stop comparing") : t("Compare")}>
        <Button
          variant="glass"
          size="icon-sm"
          aria-label={t("Compare")}
          aria-pressed={isFirst}
          onPointerEnter={loadCompare}
          onClick={() => compare(output.id)}
          className={cn(
            onHover,
            "[@media(hover:none)]:hidden",
            isFirst && "bg-primary text-primary-foreground opacity-100 hover:bg-primary",
          )}
        >
          <ColumnsIcon aria-hidden />
        </Button>
      </Tip>
      <Tip label={t("Download")}>
        <a
          className={buttonLook({
            variant: "glass",
            size: "icon-sm",
            className: cn(onHover, "[@media(hover:none)]:opacity-100"),
          })}
          href={output.download_url}
          download={output.filename}
          aria-label={t("Download")}
        >
          <DownloadIcon aria-hidden />
        </a>
      </Tip>
      <Tip label={t("Favorite")}>
        <Button
          variant="glass"
          size="icon-sm"
          aria-label={t("Favorite")}
          aria-pressed={isFavorite}
          onClick={() => setFavorite({ id: output.id, isFavorite: !isFavorite })}
          className={cn(!isFavorite && onHover, "[@media(hover:none)]:not-aria-pressed:hidden")}
        >
          <HeartIcon aria-hidden className={cn(isFavorite && "fill-current")} />
        </Button>
      </Tip>
      <Tip label={t("More")}>
        <PopoverTrigger
          label={t("More")}
          panelLabel={t("What to do with this picture")}
          onNear={loadMenu}
          className={buttonLook({
            variant: "glass",
            size: "icon-sm",
            className: cn(onHover, "aria-expanded:opacity-100 [@media(hover:none)]:hidden"),
          })}
          face={<EllipsisIcon aria-hidden />}
        >
          {(close) => <Menu picture={picture} onStart={startFrom} onDone={close} />}
        </PopoverTrigger>
      </Tip>
    </div>
  );
}
