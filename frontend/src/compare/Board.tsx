"use client";
import { memo } from "react";
import { cn } from "@/lib/cn";
import type { Job } from "@/domain/job";
import { Making } from "@/pictures/PendingPicture";
import { type Axes, cellIndex } from "./axes";

interface BoardProps {
  job: Job;
  axes: Axes;
}

/** A table a prompt: a column a variant, a row a seed. Every place is there from the start, and fills as it is made. */
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
        <table className="border-separate border-spacing-2" style={{ marginInline: "-0.5rem" }}>
          <caption className="sr-only">{prompt}: a column a variant, a row a seed</caption>
          <thead>
            <tr>
              <td className="align-bottom pb-1 text-muted-foreground text-xs" aria-hidden>
                Seed
              </td>
              {axes.variants.map((variant) => (
                <th key={variant} scope="col" className="pb-1 text-left font-medium text-sm tabular-nums">
                  {variant}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {axes.seeds.map((seed, seedAt) => (
              <tr key={seed}>
                <th
                  scope="row"
                  className="w-0 pr-1 text-left align-top font-normal text-muted-foreground text-xs tabular-nums"
                >
                  <span className="sr-only">Seed </span>
                  {seed}
                </th>
                {axes.variants.map((variant, variantAt) => (
                  <Cell
                    key={variant}
                    job={job}
                    axes={axes}
                    index={cellIndex(axes, promptAt, seedAt, variantAt)}
                    name={`${variant}, seed ${seed}: ${prompt}`}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </figure>
  ));
});

/** Widest first: few columns get large pictures. */
function cellWidth(numColumns: number): string {
  if (numColumns <= 2) return "w-[max(10rem,min(26rem,40vw))]";
  if (numColumns === 3) return "w-[max(9rem,min(21rem,28vw))]";
  if (numColumns === 4) return "w-[max(8.5rem,min(15.5rem,21vw))]";
  return "w-[max(8rem,min(12rem,16vw))]";
}

function Cell({ job, axes, index, name }: BoardProps & { index: number; name: string }) {
  const output = job.outputs.find((each) => each.index === index);
  return (
    <td className="p-0">
      <div
        data-frame
        style={{ aspectRatio: `${axes.width} / ${axes.height}` }}
        className={cn("relative overflow-hidden rounded-xl", cellWidth(axes.variants.length))}
      >
        <Making job={job} index={index} isFinished={output !== undefined} />
        {output && (
          <img
            src={output.url}
            alt={name}
            draggable={false}
            loading="lazy"
            style={{ transform: "var(--view)" }}
            className="absolute inset-0 size-full object-contain"
          />
        )}
      </div>
    </td>
  );
}
