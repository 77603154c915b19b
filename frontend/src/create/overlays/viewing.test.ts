import { expect, it } from "vitest";
import { chosenFirst, compared, opened } from "./viewing";

it("a click opens a picture, or completes a comparison", () => {
  expect(opened({ kind: "none" }, "a")).toEqual({ kind: "lightbox", id: "a" });
  expect(opened({ kind: "choosing", first: "a" }, "b")).toEqual({ kind: "comparing", first: "a", second: "b" });
});

it("compare chooses the first, then the second; the same one twice gives up", () => {
  const choosing = compared({ kind: "lightbox", id: "a" }, "a");
  expect(chosenFirst(choosing)).toBe("a");
  expect(compared(choosing, "a")).toEqual({ kind: "none" });
  expect(compared(choosing, "b")).toEqual({ kind: "comparing", first: "a", second: "b" });
});
