import { expect, it } from "vitest";
import { aboutTime, fileSize, pictures } from "./quantities";

it.each([
  [0, "about 1 s"],
  [0.2, "about 1 s"],
  [12, "about 12 s"],
  [21, "about 25 s"],
  [55, "about 55 s"],
  [59, "about 1 min"],
  [60, "about 1 min"],
  [89, "about 1 min"],
  [91, "about 2 min"],
  [3570, "about 1 h"],
  [4200, "about 1 h 10 min"],
  [7200, "about 2 h"],
])("%d s is %s", (seconds, words) => expect(aboutTime(seconds)).toBe(words));

it.each([
  [812, "812 B"],
  [21_400, "21 KB"],
  [999_700, "1.0 MB"],
  [1_440_000, "1.4 MB"],
])("%d bytes are %s", (bytes, words) => expect(fileSize(bytes)).toBe(words));

it("counts pictures", () => expect([0, 1, 1204].map(pictures)).toEqual(["0 pictures", "1 picture", "1,204 pictures"]));
