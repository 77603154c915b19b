import { expect, it } from "vitest";
import { nextPage } from "./session";

it("leads back to pages of this site alone", () => {
  expect(nextPage("?next=/history/%3Fq%3Dred")).toBe("/history/?q=red");
  for (const elsewhere of ["", "?next=https://evil.example/", "?next=//evil.example", "?next=/\\evil.example"]) {
    expect(nextPage(elsewhere)).toBe("/");
  }
});
