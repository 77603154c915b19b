"use client";
import { MaximizeIcon } from "lucide-react";
import { memo, useMemo } from "react";
import { Button } from "@/components/ui/button";
import { type Column, Table } from "@/components/ui/table";
import type { Job } from "@/domain/job";
import { veil } from "@/domain/picture";
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
        aria-label={`${prompt}: plus, minus, zero and the arrow keys zoom and move all pictures`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keys that zoom need a place to go
        tabIndex={0}
        className="-mx-4 overflow-x-auto rounded-xl px-4 sm:-mx-6 sm:px-6"
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
  const rows = useMemo(() => seeds.map((seed, seedAt) => ({ seed, seedAt })), [seeds]);
  const columns: Column<(typeof rows)[number]>[] = [
    {
      name: "Seed",
      cell: ({ seed }) => (
        <>
          <span className="sr-only">Seed </span>
          {seed}
        </>
      ),
      isRowName: true,
      className: "w-0 pr-1 align-top text-muted-foreground text-xs",
    },
    ...variants.map((variant, variantAt) => ({
      name: variant,
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
      caption={`${prompt}: a column for each variant, a row for each seed`}
      columns={columns}
      rows={rows}
      keyOf={({ seed }) => String(seed)}
      className="-mx-2 border-separate border-spacing-2"
      headClassName="[&_th]:pb-1 [&_th]:align-bottom [&_th:not(:first-child)]:text-foreground [&_th:not(:first-child)]:text-sm"
    />
  );
}

/** Widest first: few columns get large pictures. */
function cellWidth(numColumns: number): string {
  if (numColumns <= 2) return "w-[max(8rem,min(26rem,36vw))]";
  if (numColumns === 3) return "w-[max(9rem,min(21rem,28vw))]";
  if (numColumns === 4) return "w-[max(8.5rem,min(15.5rem,21vw))]";
  return "w-[max(8rem,min(12rem,16vw))]";
}

function Cell({ job, axes, index, name }: BoardProps & { index: number; name: string }) {
  const output = job.outputs.find((each) => each.index === index);
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
          data-picture={output.id}
          aria-label={`Open ${name}`}
          onPointerDown={(event) => event.stopPropagation()} // no drag of the stage
          onClick={() => openPicture(output.id)}
          className="absolute right-1.5 bottom-1.5 opacity-0 focus-visible:opacity-100 group-hover:opacity-100 [@media(hover:none)]:opacity-100"
        >
          <MaximizeIcon aria-hidden />
        </Button>
      )}
    </div>
  );
}
