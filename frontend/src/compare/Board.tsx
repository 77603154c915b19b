"use client";
import { HeartIcon, MaximizeIcon } from "lucide-react";
import { memo, useMemo } from "react";
import { Button } from "@/components/ui/button";
import { type Column, Table } from "@/components/ui/table";
import type { Job } from "@/domain/job";
import { veil } from "@/domain/picture";
import { t } from "@/i18n/t";
import { useFavorite } from "@/jobs/favorites";
import { cn } from "@/lib/cn";
import { PendingPicture } from "@/pictures/PendingPicture";
import { openPicture } from "@/pictures/picture-address";
import { type Axes, cellIndex } from "./axes";

interface BoardProps {
  job: Job;
  axes: Axes;
}

/** A table for each prompt: a column for each variant, a row for each seed. Every place is there from the start, and fills
 * as its picture is made. */
export const Board = memo(function Board({ job, axes }: BoardProps) {
  return axes.prompts.map((prompt, promptAt) => (
    <figure key={prompt} className="space-y-3">
      <figcaption className="max-w-prose font-medium leading-relaxed">{prompt}</figcaption>
      <section
        aria-label={t("{prompt}: plus, minus, zero and the arrow keys zoom and move all pictures", { prompt })}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keys that zoom need a place to go
        tabIndex={0}
        className="-mx-4 max-h-[calc(100dvh-7rem)] overflow-auto rounded-xl px-4 sm:-mx-6 sm:px-6"
      >
        <Grid job={job} axes={axes} promptAt={promptAt} prompt={prompt} />
      </section>
    </figure>
  ));
});

interface GridProps extends BoardProps {
  promptAt: number;
  prompt: string;
}

function Grid({ job, axes, promptAt, prompt }: GridProps) {
  const { seeds, variants } = axes;
  const wins = variants.map((_, variantAt) => {
    const column = seeds.map((_seed, seedAt) => cellIndex(axes, promptAt, seedAt, variantAt));
    return job.outputs.filter(({ index, favorite }) => favorite && column.includes(index)).length;
  });
  const most = Math.max(1, ...wins);
  const rows = useMemo(() => seeds.map((seed, seedAt) => ({ seed, seedAt })), [seeds]);
  const columns: Column<(typeof rows)[number]>[] = [
    {
      name: "Seed",
      cell: ({ seed }) => (
        <>
          <span className="sr-only">{t("Seed")} </span>
          {seed}
        </>
      ),
      isRowName: true,
      className: "sticky left-0 z-10 w-0 bg-background pr-1 align-top text-muted-foreground text-xs",
    },
    ...variants.map((variant, variantAt) => ({
      name: variant,
      mark: <Wins count={wins[variantAt] ?? 0} isMost={(wins[variantAt] ?? 0) === most} />,
      cell: ({ seed, seedAt }: (typeof rows)[number]) => (
        <Cell
          job={job}
          axes={axes}
          index={cellIndex(axes, promptAt, seedAt, variantAt)}
          name={`${variant}, seed ${seed}: ${prompt}`}
        />
      ),
      className: "p-0",
    })),
  ];
  return (
    <Table
      caption={t("{prompt}: a column for each variant, a row for each seed", { prompt })}
      columns={columns}
      rows={rows}
      keyOf={({ seed }) => String(seed)}
      className="-mx-2 border-separate border-spacing-2"
      headClassName="sticky top-0 z-20 bg-background [&_th]:pb-1 [&_th]:align-bottom [&_th:not(:first-child)]:text-foreground [&_th:not(:first-child)]:text-sm"
    />
  );
}

/** How many pictures of the column are favorites; the best column stands out. */
function Wins({ count, isMost }: { count: number; isMost: boolean }) {
  if (count === 0) return null;
  return (
    <span
      className={cn(
        "ml-2 inline-flex items-center gap-1 rounded-full px-2 font-medium text-xs tabular-nums",
        isMost ? "bg-primary text-primary-foreground" : "bg-muted text-muted-foreground",
      )}
    >
      <HeartIcon aria-hidden className="size-3 fill-current" />
      {count}
      <span className="sr-only"> {isMost ? t("favorites, the most") : t("favorites")}</span>
    </span>
  );
}

/** Widest first: few columns get large pictures. */
function cellWidth(numColumns: number): string {
  if (numColumns <= 2) return "w-[max(8rem,min(26rem,36vw))]";
  if (numColumns === 3) return "w-[max(9rem,min(21rem,28vw))]";
  if (numColumns === 4) return "w-[max(8.5rem,min(15.5rem,21vw))]";
  return "w-[max(8rem,min(12rem,16vw))]";
}

const ON_HOVER = "opacity-0 focus-visible:opacity-100 group-hover:opacity-100 [@media(hover:none)]:opacity-100";

function Cell({ job, axes, index, name }: BoardProps & { index: number; name: string }) {
  const output = job.outputs.find((each) => each.index === index);
  const setFavorite = useFavorite();
  return (
    <div
      data-frame
      style={{ aspectRatio: `${axes.width} / ${axes.height}` }}
      className={cn("group relative overflow-hidden rounded-xl", cellWidth(axes.variants.length))}
    >
      <PendingPicture job={job} index={index} isFinished={output !== undefined} />
      {output && (
        <img
          src={output.url}
          alt={name}
          draggable={false}
          loading="lazy"
          style={{ transform: "var(--view)" }}
          className={cn("absolute inset-0 size-full object-contain", veil(output))}
        />
      )}
      {output && (
        <Button
          variant="glass"
          size="icon-sm"
          aria-label={t("Favorite {name}", { name })}
          aria-pressed={output.favorite}
          onPointerDown={(event) => event.stopPropagation()}
          onClick={() => setFavorite({ id: output.id, isFavorite: !output.favorite })}
          className={cn("absolute bottom-1.5 left-1.5", !output.favorite && ON_HOVER)}
        >
          <HeartIcon aria-hidden className={cn(output.favorite && "fill-current")} />
        </Button>
      )}
      {output && (
        <Button
          variant="glass"
          size="icon-sm"
          data-picture={output.id}
          aria-label={t("Open {name}", { name })}
          onPointerDown={(event) => event.stopPropagation()} // no drag of the stage
          onClick={() => openPicture(output.id)}
          className={cn("absolute right-1.5 bottom-1.5", ON_HOVER)}
        >
          <MaximizeIcon aria-hidden />
        </Button>
      )}
    </div>
  );
}
