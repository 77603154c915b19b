"use client";
import type { CSSProperties } from "react";
import type { Job } from "@/domain/job";
import { gridFor } from "./grid";
import { Making } from "@/pictures/PendingPicture";
import { numWanted } from "@/domain/picture";
import { Tile } from "./Tile";

/** A place for every picture of the job, of its final size from the start. */
export function Tiles({ job, name }: { job: Job; name: string }) {
  const count = numWanted(job);
  const grid = gridFor(count, job.width, job.height);
  const style = { "--narrow": grid.narrow, "--wide": grid.wide, maxWidth: grid.maxWidth } as CSSProperties;
  return (
    <ul
      aria-label={name}
      style={style}
      className="grid grid-cols-[repeat(var(--narrow),minmax(0,1fr))] gap-3 @2xl:grid-cols-[repeat(var(--wide),minmax(0,1fr))]"
    >
      {Array.from({ length: count }, (_, index) => index).map((index) => {
        const output = job.outputs.find((each) => each.index === index);
        return (
          <li key={index} className="relative" style={{ aspectRatio: `${job.width} / ${job.height}` }}>
            <Making job={job} index={index} isFinished={output !== undefined} />
            {output && (
              <Tile picture={{ job, output }} sizes={`(min-width: 60rem) ${Math.round(70 / grid.wide)}vw, 50vw`} />
            )}
          </li>
        );
      })}
    </ul>
  );
}
