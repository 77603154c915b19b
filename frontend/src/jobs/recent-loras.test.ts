import { expect, it } from "vitest";
import { makeImage, makeJob, someMetadata } from "@/domain/examples";
import { recentLoras } from "./recent-loras";

const job = (model: string, thumbnails: readonly string[], favorite = "") =>
  makeJob({
    metadata: someMetadata({ model }),
    outputs: thumbnails.map((thumbnail_url, at) =>
      makeImage(at, { thumbnail_url, favorite: thumbnail_url === favorite }),
    ),
  });

it("names each LoRA once, the last used first, with its newest favorite or else its newest picture", () => {
  const jobs = [
    job("jade-v2", ["/a"]),
    job("base", ["/b"]),
    job("amber-v1", ["/c", "/d"]),
    job("jade-v2", ["/e", "/f"], "/f"),
  ];
  expect([...recentLoras(jobs)]).toEqual([
    ["jade-v2", "/f"],
    ["amber-v1", "/c"],
  ]);
});
