import { expect, it } from "vitest";
import { ceiling } from "@/lib/ceiling";
import { shortDate } from "@/lib/words/short-date";
import { everyDay, measured } from "./days";

const NOON_MS = Date.UTC(2026, 10, 22, 12);

it("fills in the days without use, oldest first", () => {
  const used = { date: "2026-11-21", generations: 2, pictures: 8, gpu_s: 4.5 };
  const days = everyDay([used], 3, NOON_MS);
  expect(days.map((day) => day.date)).toEqual(["2026-11-20", "2026-11-21", "2026-11-22"]);
  expect(days[1]).toEqual(used);
  expect(days[2]?.pictures).toBe(0);
});

it.each([
  [0, 1],
  [1, 1],
  [3, 5],
  [10, 10],
  [11, 20],
  [201, 500],
])("a scale for %d ends at %d", (highest, end) => {
  expect(ceiling(highest)).toBe(end);
});

it("tells values with their unit", () => {
  expect(measured(1204, "pictures")).toBe("1,204");
  expect([31.42, 720, 11_700].map((value) => measured(value, "gpu_s"))).toEqual(["31.4 s", "12 min", "3.3 h"]);
  expect(shortDate("2026-11-22")).toBe("Nov 22");
});
