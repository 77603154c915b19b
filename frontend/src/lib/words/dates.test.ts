import { expect, it } from "vitest";
import { agoWords, dayWords } from "./dates";

const NOW_MS = new Date(2026, 10, 22, 9, 30).getTime();
const at = (...parts: [number, number, number, number]) => new Date(...parts).getTime();

it("names days as people do", () => {
  expect(dayWords(at(2026, 10, 22, 0), NOW_MS)).toBe("Today");
  expect(dayWords(at(2026, 10, 21, 23), NOW_MS)).toBe("Yesterday");
  expect(dayWords(at(2026, 10, 20, 23), NOW_MS)).toBe("Friday, November 20");
  expect(dayWords(at(2025, 10, 20, 23), NOW_MS)).toBe("Thursday, November 20, 2025");
});

it("tells how long ago something was", () => {
  const shown = [60, 600, 7_200, 90_000, 400_000].map((ago_s) =>
    agoWords(new Date(NOW_MS - 1000 * ago_s).toISOString(), NOW_MS),
  );
  expect(shown).toEqual(["just now", "10 min ago", "2 h ago", "yesterday", "Nov 17, 2026"]);
});
