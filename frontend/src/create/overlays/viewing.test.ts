// @vitest-environment jsdom
import { expect, it } from "vitest";
import { useOpenPicture } from "@/pictures/picture-address";
import { chosenFirst, compared, useViewing } from "./viewing";

it("a click opens a picture, or completes a comparison", () => {
  const { open, compare } = useViewing.getState();
  open("a");
  expect(useOpenPicture.getState().id).toBe("a");
  compare("a");
  expect([useOpenPicture.getState().id, useViewing.getState().view]).toEqual([null, { kind: "choosing", first: "a" }]);
  open("b");
  expect(useViewing.getState().view).toEqual({ kind: "comparing", first: "a", second: "b" });
});

it("compare chooses the first, then the second; the same one twice gives up", () => {
  const choosing = compared({ kind: "none" }, "a");
  expect(chosenFirst(choosing)).toBe("a");
  expect(compared(choosing, "a")).toEqual({ kind: "none" });
  expect(compared(choosing, "b")).toEqual({ kind: "comparing", first: "a", second: "b" });
});
