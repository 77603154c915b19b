import { expect, it } from "vitest";
import { anImage, anItem } from "@/domain/examples";
import { jobOfHistory } from "@/domain/job";
import { picturesOfHistory } from "./items";

const NOW_MS = new Date(2026, 10, 22, 9, 30).getTime();
const DAY_S = 86_400;

it("names the day of each picture", () => {
  const images = [0, 1].map((index) => anImage(index, { id: `b-${index + 1}` }));
  const today = jobOfHistory(anItem("b", NOW_MS / 1000, { images, images_total: 2 }));
  const yesterday = jobOfHistory(anItem("a", NOW_MS / 1000 - DAY_S));
  expect(picturesOfHistory([today, yesterday], NOW_MS).map(({ id, day }) => [id, day])).toEqual([
    ["b-1", "Today"],
    ["b-2", "Today"],
    ["a-1", "Yesterday"],
  ]);
});
