"use client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { ImagesIcon } from "lucide-react";
import { answer, api, Refused } from "@/api/client";
import { EmptyState } from "@/components/EmptyState";
import { Link } from "@/components/Link";
import { Shell } from "@/components/Shell";
import { ShowMore } from "@/components/ShowMore";
import { buttonLook } from "@/components/ui/button";
import { t } from "@/i18n/t";
import { errorText } from "@/lib/words/error-text";
import { GalleryGrid } from "./GalleryGrid";

/** Pictures that their owners have offered and the operator has accepted, newest first; for everybody. */
export function PublicGallery() {
  return (
    <Shell title={t("Gallery")} note={t("Pictures that people here have shared.")} width="wide">
      <Pictures />
    </Shell>
  );
}

function Pictures() {
  const gallery = useInfiniteQuery({
    queryKey: ["gallery"],
    queryFn: ({ pageParam }) =>
      answer(api.GET("/api/gallery", { params: { query: pageParam ? { cursor: pageParam } : {} } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const { data, error, failureReason } = gallery;
  const pictures = data?.pages.flatMap((page) => page.pictures) ?? [];
  if (error instanceof Refused && error.status === 404) {
    return (
      <EmptyState
        icon={ImagesIcon}
        title={t("No gallery here")}
        text={t("The operator of this server has not opened one.")}
      >
        <MakePictures />
      </EmptyState>
    );
  }
  if (data && pictures.length === 0) {
    return (
      <EmptyState icon={ImagesIcon} title={t("Nothing here yet")} text={t("Share a picture of yours and offer it.")}>
        <MakePictures />
      </EmptyState>
    );
  }
  return (
    <>
      <p role="status" className="text-muted-foreground text-sm empty:hidden">
        {failureReason && errorText(failureReason)}
      </p>
      <GalleryGrid
        name={t("Pictures")}
        items={pictures}
        keyOf={({ page_url }) => page_url}
        show={(picture) => (
          <a href={picture.page_url} className="group block space-y-1.5 rounded-xl">
            <img
              src={picture.thumbnail_url}
              alt={picture.prompt}
              width={picture.width}
              height={picture.height}
              loading="lazy"
              className="aspect-square w-full rounded-xl bg-muted object-cover transition-opacity group-hover:opacity-85"
            />
            <span aria-hidden className="line-clamp-1 text-muted-foreground text-xs group-hover:text-foreground">
              {picture.prompt}
            </span>
          </a>
        )}
      />
      <ShowMore list={gallery} />
    </>
  );
}

function MakePictures() {
  return (
    <Link className={buttonLook()} href="/">
      {t("Make pictures")}
    </Link>
  );
}
