import { createLoader, createSerializer } from "nuqs";
import { describe, expect, it } from "vitest";
import { accountAddress, comparisonAddress } from "./links";
import { PARSERS } from "./parsers";

describe("the way back after logging in", () => {
  const load = createLoader(PARSERS.account);

  it("leads to pages of this site alone", () => {
    expect(load(new URLSearchParams("next=/history/%3Fq%3Dred")).next).toBe("/history/?q=red");
    for (const elsewhere of ["https://evil.example/", "//evil.example", "/\\evil.example", ""]) {
      expect(load(new URLSearchParams({ next: elsewhere })).next).toBeNull();
    }
  });

  it("is kept from one form to the other", () => {
    const held = load(new URLSearchParams("next=/history/%3Fq%3Dred&invite=abc"));
    const address = new URL(accountAddress("/register/", held), "http://127.0.0.1");
    expect(load(address.searchParams)).toEqual(held);
  });
});

it("names a comparison", () => expect(comparisonAddress("ab12")).toBe("/compare/?job=ab12"));

describe("the history's filter", () => {
  const query = createSerializer(PARSERS.history);
  const load = createLoader(PARSERS.history);

  it("goes into the address and comes back from it", () => {
    const filter = { q: "red dress & hat", lora: "jade-v1", favorites: true, collection: "7c0d" };
    expect(query("", filter)).toBe("?q=red+dress+%26+hat&lora=jade-v1&favorites=true&collection=7c0d");
    expect(load(new URLSearchParams(query("", filter)))).toEqual(filter);
  });

  it("is nothing where everything is shown", () => {
    expect(query("/history/", { q: "", lora: "", favorites: false, collection: "" })).toBe("/history/");
    expect(load(new URLSearchParams("favorites=yes"))).toEqual({ q: "", lora: "", favorites: false, collection: "" });
  });

  it("takes no more than the server does", () => {
    expect(load(new URLSearchParams(`q=${"a".repeat(300)}`)).q).toHaveLength(200);
  });
});

it("an unknown tab is the first", () => {
  const load = createLoader(PARSERS.operator);
  expect(["tab=users", "tab=x", ""].map((query) => load(new URLSearchParams(query)).tab)).toEqual([
    "users",
    "overview",
    "overview",
  ]);
});
