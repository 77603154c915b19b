"use client";
import { useEffect, useLayoutEffect, useMemo, useState } from "react";
import { Refused } from "@/api/client";
import { thenBack, useMe } from "@/api/session";
import { cn } from "@/lib/cn";
import { lazyPart } from "@/components/lazy";
import { Shell } from "@/components/Shell";
import { Button } from "@/components/ui/button";
import { ChoiceBar } from "./SelectionBar";
import { useDeletions } from "@/jobs/deletions";
import { Filters } from "./Filters";
import { ANYTHING, type Filter, filterOf, queryOf } from "./filter";
import { isUnfinished, picturesOfHistory } from "./items";
import { useMarks } from "./selection";
import { Nothing } from "./EmptyState";
import { PictureWall } from "./PictureWall";
import { UndoBar } from "@/pictures/UndoBar";
import { useHistory } from "@/jobs/use-history";

const [Viewer, loadViewer] = lazyPart(() => import("./Viewer"));

/** Everything that was made: looked through, kept, thrown away. */
export function History() {
  // the address is known in the browser only: what is prerendered has none
  const [filter, setFilter] = useState<Filter | null>(null);
  useLayoutEffect(() => setFilter(filterOf(window.location.search)), []);
  const me = useMe().data;

  function change(next: Filter) {
    setFilter(next);
    window.history.replaceState(window.history.state, "", window.location.pathname + queryOf(next));
  }

  return (
    <Shell
      title="History"
      width="wide"
      note={
        me &&
        !me.user &&
        me.registration !== "closed" && (
          <>
            Of this browser, while it keeps its cookie.{" "}
            <a href={thenBack("/register/")} className="font-medium text-foreground underline underline-offset-4">
              Register
            </a>{" "}
            to have it everywhere.
          </>
        )
      }
    >
      {filter ? <Found filter={filter} onChange={change} /> : <div className="min-h-svh" />}
    </Shell>
  );
}

function Found({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const { data, error, failureReason, isPlaceholderData, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useHistory(filter);
  const { hidden, send } = useDeletions();
  const favorites = useMarks((marks) => marks.favorites);
  const [shownId, setShownId] = useState<string | null>(null);

  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const all = useMemo(() => picturesOfHistory(items, Date.now()), [items]);
  const pictures = useMemo(
    () =>
      all.filter(({ id, output }) => !hidden.has(id) && (!filter.favorites || (favorites.get(id) ?? output.favorite))),
    [all, hidden, favorites, filter.favorites],
  );
  const numBeingMade = items.filter(isUnfinished).length;

  useEffect(() => {
    window.addEventListener("pagehide", send);
    return () => window.removeEventListener("pagehide", send);
  }, [send]);

  if (error instanceof Refused && error.status === 401) return <LogInFirst />;
  const isEmpty = data && pictures.length === 0 && !hasNextPage && !isPlaceholderData;
  return (
    <>
      <Filters filter={filter} onChange={onChange} />
      <p role="status" className="sr-only">
        {data && !isPlaceholderData ? `${pictures.length}${hasNextPage ? " or more" : ""} pictures` : ""}
      </p>
      {numBeingMade > 0 && (
        <p className="rounded-2xl bg-accent px-4 py-3 text-accent-foreground text-sm">
          {numBeingMade === 1 ? "One more job is being made." : `${numBeingMade} more jobs are being made.`}{" "}
          <a href="/" className="font-medium underline underline-offset-4">
            Watch it on the create page
          </a>
        </p>
      )}
      {!data && <Loading problem={error ?? failureReason} />}
      {isEmpty && <Nothing isFiltered={queryOf(filter) !== ""} onShowAll={() => onChange(ANYTHING)} />}
      {pictures.length > 0 && (
        // clipped: until it is laid out anew in a narrower window, the wall is as wide as before
        <div className={cn("-mx-2 -mt-3 overflow-x-clip px-2 transition-opacity", isPlaceholderData && "opacity-50")}>
          <PictureWall
            pictures={pictures}
            onOpen={setShownId}
            onNear={loadViewer}
            onNearEnd={hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined}
          />
        </div>
      )}
      {data && hasNextPage && (
        <p role="status" className="py-6 text-center text-muted-foreground text-sm">
          {failureReason ? failureReason.message : "Loading more…"}
        </p>
      )}
      {shownId && <Viewer pictures={pictures} id={shownId} onShow={setShownId} onClose={() => setShownId(null)} />}
      <ChoiceBar pictures={pictures} />
      {!shownId && <UndoBar />}
    </>
  );
}

function Loading({ problem }: { problem: Error | null }) {
  return (
    <div className="space-y-2">
      <p role="status" className="text-muted-foreground text-sm">
        {problem ? `${problem.message} ${problem instanceof Refused ? "" : "Trying again…"}` : ""}
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

/** Where nobody makes pictures without an account. */
function LogInFirst() {
  return (
    <div className="flex flex-col items-start gap-4 rounded-2xl border bg-card p-6">
      <p className="text-sm">This server keeps a history for those who have logged in.</p>
      <Button asChild>
        <a href={thenBack("/login/")}>Log in</a>
      </Button>
    </div>
  );
}
