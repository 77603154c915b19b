"use client";
import type { CSSProperties } from "react";
import { blockedAt, isEnded, type Job } from "@/domain/job";
import { numWanted } from "@/domain/picture";
import { PendingPicture } from "@/pictures/PendingPicture";
import { gridFor } from "./grid";
import { Tile } from "./Tile";

/** A place for every picture of the job, of its final size from the start. */
export function Tiles({ job, name }: { job: Job; name: string }) {
  const places = Array.from({ length: numWanted(job) }, (_, index) => ({
    index,
    output: job.outputs.find((output) => output.index === index),
  }));
  // of an ended job, what is absent was deleted or is not made any more; what was blocked says why
  const shown = isEnded(job) ? places.filter(({ index, output }) => output ?? blockedAt(job, index)) : places;
  const grid = gridFor(shown.length, job.width, job.height);
  const style = { "--narrow": grid.narrow, "--wide": grid.wide, maxWidth: grid.maxWidth } as CSSProperties;
  return (
    <ul
      aria-label={name}
      style={style}
      className="grid grid-cols-[repeat(var(--narrow),minmax(0,1fr))] gap-1.5 @2xl:landscape:grid-cols-[repeat(var(--wide),minmax(0,1fr))]"
    >
      {shown.map(({ index, output }) => (
        <li key={index} className="relative" style={{ aspectRatio: `${job.width} / ${job.height}` }}>
          <PendingPicture job={job} index={index} isFinished={output !== undefined} />
          {output && (
            <Tile picture={{ job, output }} sizes={`(min-width: 60rem) ${Math.round(70 / grid.wide)}vw, 50vw`} />
          )}
        </li>
      ))}
    </ul>
  );
}
