"use client";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { CheckIcon, XIcon } from "lucide-react";
import { useState } from "react";
import { answer, api } from "@/api/client";
import type { OfferedPicture } from "@/api/types";
import { Choice } from "@/components/form/Choice";
import { ShowMore } from "@/components/ShowMore";
import { Button } from "@/components/ui/button";
import { GalleryGrid } from "@/gallery/GalleryGrid";
import { t, tItems } from "@/i18n/t";
import { errorText } from "@/lib/words/error-text";

const STATES = [
  { value: "offered", label: "Waiting" },
  { value: "accepted", label: "Shown" },
  { value: "removed", label: "Removed" },
] as const;
const NONE = {
  offered: "No picture waits for you.",
  accepted: "No picture is in the gallery.",
  removed: "No picture was removed.",
} as const;

type State = (typeof STATES)[number]["value"];

/** What owners have offered to the public gallery: accept it, decline it, take it out. */
export function Offers() {
  const [status, setStatus] = useState<State>("offered");
  const offers = useInfiniteQuery({
    queryKey: ["operator", "gallery", status],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/operator/gallery", {
          params: { query: { status, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const pictures = offers.data?.pages.flatMap((page) => page.pictures) ?? [];
  return (
    <section aria-labelledby="offers" className="space-y-5">
      <h2 id="offers" className="sr-only">
        {t("Gallery")}
      </h2>
      <div className="max-w-sm">
        <Choice legend={t("Which pictures")} items={tItems(STATES)} value={status} onChange={setStatus} />
      </div>
      {offers.failureReason && (
        <p role="alert" className="text-destructive text-sm">
          {errorText(offers.failureReason)}
        </p>
      )}
      {offers.data && pictures.length === 0 && <p className="text-muted-foreground text-sm">{t(NONE[status])}</p>}
      <GalleryGrid
        name={t("Offered pictures")}
        items={pictures}
        keyOf={({ image_id }) => image_id}
        show={(picture) => <Offer picture={picture} status={status} />}
      />
      <ShowMore list={offers} />
    </section>
  );
}

function Offer({ picture, status }: { picture: OfferedPicture; status: State }) {
  const queries = useQueryClient();
  const { mutate, isPending } = useMutation({
    mutationFn: (isAccepted: boolean) => {
      const path = { params: { path: { image_id: picture.image_id } } };
      return answer(
        isAccepted
          ? api.POST("/api/operator/gallery/{image_id}/accept", path)
          : api.POST("/api/operator/gallery/{image_id}/remove", path),
      );
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["operator", "gallery"] }),
  });
  return (
    <article aria-label={picture.prompt} className="space-y-2">
      <a href={picture.page_url} target="_blank" rel="noreferrer" className="block rounded-xl">
        <img
          src={picture.thumbnail_url}
          alt={picture.prompt}
          width={picture.width}
          height={picture.height}
          loading="lazy"
          className="aspect-square w-full rounded-xl bg-muted object-cover"
        />
      </a>
      <p aria-hidden className="line-clamp-2 text-muted-foreground text-xs">
        {picture.prompt}
      </p>
      <div className="flex flex-wrap gap-1.5">
        {status !== "accepted" && (
          <Button size="sm" aria-disabled={isPending} onClick={() => isPending || mutate(true)}>
            <CheckIcon aria-hidden />
            {t("Accept")}
          </Button>
        )}
        {status !== "removed" && (
          <Button size="sm" variant="outline" aria-disabled={isPending} onClick={() => isPending || mutate(false)}>
            <XIcon aria-hidden />
            {status === "offered" ? t("Decline") : t("Remove")}
          </Button>
        )}
      </div>
    </article>
  );
}
