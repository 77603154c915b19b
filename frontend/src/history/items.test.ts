import { expect, it } from "vitest";
import type { HistoryItem } from "@/api/types";
import { formOf, picturesOfHistory, withNewer } from "./items";

const NOW_MS = new Date(2026, 10, 22, 9, 30).getTime();

function anItem(id: string, num = 1): HistoryItem {
  const images = Array.from({ length: num }, (_, index) => ({
    id: `${id}-${index + 1}`,
    index,
    url: "/files/a.jpg",
    thumbnail_url: "/files/a-thumbnail.jpg",
    seed: 7 + index,
    width: 256,
    height: 192,
    content_type: "image/jpeg",
    bytes: 9000,
    filename: "a.jpg",
    download_url: "/api/images/a/download",
    favorite: false,
    downloads: 0,
  }));
  const metadata = {
    prompt: "red dress",
    final_prompt: "jade woman, red dress",
    negative_prompt: "blurry",
    model: "jade-v1",
    loras: [{ name: "jade-v1", weight: 0.8 }],
    style: null,
    steps: 12,
    num_images: num,
    width: 256,
    height: 192,
    seed: 7,
    sampler: "euler",
    format: "png",
  };
  return {
    job_id: id,
    status: "completed",
    created_at: new Date(NOW_MS).toISOString(),
    images_total: num,
    metadata,
    images,
  };
}

it("tells pictures with their day, each job once", () => {
  const pictures = picturesOfHistory([anItem("b", 2), anItem("a"), anItem("b", 2)], NOW_MS);
  expect(pictures.map(({ id, day }) => [id, day])).toEqual([
    ["b-1", "Today"],
    ["b-2", "Today"],
    ["a-1", "Today"],
  ]);
});

it("puts what is newer first and keeps what was loaded", () => {
  const known = [anItem("b"), anItem("a")];
  expect(withNewer(known, [anItem("c"), anItem("b", 2)]).map((item) => [item.job_id, item.images.length])).toEqual([
    ["c", 1],
    ["b", 2],
    ["a", 1],
  ]);
});

it("gives back the settings that made a picture, its own seed and exact LoRAs included", () => {
  const [, second] = picturesOfHistory([anItem("b", 2)], NOW_MS);
  if (!second) throw new Error("two pictures were made");
  expect(formOf(second, undefined)).toEqual({
    prompt: "red dress",
    negative_prompt: "blurry",
    model_name: "jade-v1",
    model_weight: 0.8,
    loras: [],
    style: undefined,
    num_images: 1,
    steps: 12,
    guidance_scale: undefined,
    width: 256,
    height: 192,
    seed: 8,
    sampler: "euler",
    format: "png",
  });
});
