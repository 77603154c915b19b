import { expect, it } from "vitest";
import { ANYTHING, filterOf, queryOf } from "./filter";

it("goes into the address and comes back from it", () => {
  const filter = { q: "red dress & hat", lora: "jade-v1", favorites: true };
  expect(filterOf(queryOf(filter))).toEqual(filter);
  expect(queryOf(ANYTHING)).toBe("");
  expect(filterOf("")).toEqual(ANYTHING);
});
