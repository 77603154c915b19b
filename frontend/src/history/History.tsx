"use client";
import { FolderIcon, ImagesIcon, SearchXIcon } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import { Dialogs } from "@/actions/Dialogs";
import { comparisonAddress } from "@/address/links";
import { PARSERS } from "@/address/parsers";
import { withWayBack } from "@/address/way-back";
import { Refused } from "@/api/client";
import { useMe } from "@/api/session";
import { useCollected } from "@/collections/api";
import { CollectionBar } from "@/collections/CollectionBar";
import { EmptyState } from "@/components/EmptyState";
import { Link } from "@/components/Link";
import { Shell } from "@/components/Shell";
import { Button, buttonLook } from "@/components/ui/button";
import { isComparison, isEnded, type Job } from "@/domain/job";
import { t, tCount, tRich } from "@/i18n/t";
import type { Filter } from "@/jobs/history/history-cache";
import { useHistory } from "@/jobs/history/use-history";
import { cn } from "@/lib/cn";
import { lazyPart } from "@/lib/lazy";
import { pictures as countWords } from "@/lib/words/quantities";
import { openPicture, useOpenPicture, usePictureAddress } from "@/pictures/picture-address";
import { UndoBar } from "@/pictures/UndoBar";
import { Filters } from "./Filters";
import { picturesOfHistory } from "./items";
import { PictureWall } from "./PictureWall";
import { SelectionBar } from "./SelectionBar";
import { useSelection } from "./selection";

const [Viewer, loadViewer] = lazyPart(() => import("./Viewer"));

/** The history page: search, favorites, downloads, deletion. */
export function History() {
  const me = useMe().data;
  return (
    <Shell
      title={t("History")}
      width="wide"
      note={
        me &&
        !me.user &&
        me.registration !== "closed" &&
        tRich("Kept in this browser only. {signUp} to see your pictures everywhere.", {
          signUp: (
            <Link
              href={() => withWayBack("/register/")}
              className="font-medium text-foreground underline underline-offset-4"
            >
              {t("Sign up")}
            </Link>
          ),
        })
      }
    >
      <Pictures />
    </Shell>
  );
}

function Pictures() {
  const [filter, setFilter] = useQueryStates(PARSERS.history);
  const { history, jobs } = useHistory(filter);
  const { data, error, failureReason, isPlaceholderData, hasNextPage, isFetchingNextPage, fetchNextPage } = history;
  const isChoosing = useSelection((selection) => selection.isChoosing);
  const shownId = useOpenPicture((open) => open.id);
  usePictureAddress();
  const collected = useCollected(filter.collection);
  const pictures = useMemo(
    () =>
      picturesOfHistory(jobs, Date.now()).filter(
        ({ output }) => (!filter.favorites || output.favorite) && (!filter.collection || collected?.has(output.id)),
      ),
    [jobs, filter.favorites, filter.collection, collected],
  );

  if (error instanceof Refused && error.status === 401) return <LogInFirst />;
  const isCounted = !filter.collection || collected !== undefined;
  const isEmpty = data && isCounted && pictures.length === 0 && !hasNextPage && !isPlaceholderData;
  return (
    <>
      <Filters filter={filter} onChange={setFilter} />
      {filter.collection && <CollectionBar id={filter.collection} onDeleted={() => setFilter({ collection: "" })} />}
      <p role="status" className="sr-only">
        {data && !isPlaceholderData
          ? hasNextPage
            ? t("{pictures} or more", { pictures: countWords(pictures.length) })
            : countWords(pictures.length)
          : ""}
      </p>
      <RunningNote jobs={jobs.filter((job) => !isEnded(job))} />
      {!data && <Loading problem={error ?? failureReason} />}
      {isEmpty && <NoPictures filter={filter} onShowAll={() => setFilter(null)} />}
      {pictures.length > 0 && (
        // clipped: until it is laid out anew in a narrower window, the wall is as wide as before
        <div className={cn("-mx-2 -mt-3 overflow-x-clip px-2 transition-opacity", isPlaceholderData && "opacity-50")}>
          <PictureWall
            pictures={pictures}
            onOpen={openPicture}
            onNear={loadViewer}
            onNearEnd={hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined}
          />
        </div>
      )}
      {data && hasNextPage && (
        <p role="status" className="py-6 text-center text-muted-foreground text-sm">
          {failureReason ? failureReason.message : t("Loading more…")}
        </p>
      )}
      {shownId && <Viewer pictures={pictures} id={shownId} />}
      <SelectionBar pictures={pictures} collection={filter.collection} />
      <Dialogs />
      {!shownId && <UndoBar isRaised={isChoosing} />}
    </>
  );
}

/** Jobs that may still get pictures, and where they can be watched. */
function RunningNote({ jobs }: { jobs: readonly Job[] }) {
  const [first] = jobs;
  if (!first) return null;
  const isOneComparison = jobs.length === 1 && isComparison(first);
  return (
    <p className="rounded-2xl bg-accent px-4 py-3 text-accent-foreground text-sm">
      {tCount(jobs.length, "1 job in progress.", "{count} jobs in progress.")}{" "}
      <Link
        href={isOneComparison ? comparisonAddress(first.id) : "/"}
        className="font-medium underline underline-offset-4"
      >
        {t("View")}
      </Link>
    </p>
  );
}

function NoPictures({ filter, onShowAll }: { filter: Filter; onShowAll: () => void }) {
  if (filter.collection && !filter.q.trim() && !filter.lora && !filter.favorites) {
    return (
      <EmptyState
        icon={FolderIcon}
        title={t("Nothing in this collection yet")}
        text={t("Select pictures in your history and add them.")}
      >
        <Button variant="secondary" onClick={onShowAll}>
          {t("Show everything")}
        </Button>
      </EmptyState>
    );
  }
  if (filter.collection || filter.q.trim() || filter.lora || filter.favorites) {
    return (
      <EmptyState icon={SearchXIcon} title={t("Nothing found")} text={t("No pictures match these filters.")}>
        <Button variant="secondary" onClick={onShowAll}>
          {t("Show everything")}
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={ImagesIcon}
      title={t("Nothing here yet")}
      text={t("Your pictures are kept here until you delete them.")}
    >
      <Link className={buttonLook()} href="/">
        {t("Make pictures")}
      </Link>
    </EmptyState>
  );
}

function Loading({ problem }: { problem: Error | null }) {
  return (
    <div className="space-y-2">
      <p role="status" className="text-muted-foreground text-sm">
        {problem ? `${problem.message} ${problem instanceof Refused ? "" : t("Trying again…")}` : ""}
      </p>
      {!problem && (
        <div aria-hidden className="grid grid-cols-2 gap-2 pt-11 sm:grid-cols-4">
          {["a", "b", "c", "d", "e", "f", "g", "h"].map((place) => (
            <div key={place} className="aspect-[4/3] animate-pulse rounded-xl bg-muted" />
          ))}
        </div>
      )}
    </div>
  );
}

/** On a server that has no visitors without an account. */
function LogInFirst() {
  return (
    <div className="flex flex-col items-start gap-4 rounded-2xl border bg-card p-6">
      <p className="text-sm">{t("Log in to see your history: this server keeps one for accounts only.")}</p>
      <Link className={buttonLook()} href={() => withWayBack("/login/")}>
        {t("Log in")}
      </Link>
    </div>
  );
}
