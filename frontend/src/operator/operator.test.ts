import { describe, expect, it } from "vitest";
import { aLora } from "@/api/examples";
import { afterwards, byName, meaning } from "@/operator/loras/versions";
import { age, milliseconds, ownerWords } from "./Queue";

const loras = [
  { ...aLora("jade-v2"), is_default: false },
  { ...aLora("jade-v1"), is_pinned: true },
  { ...aLora("ink"), version: null },
];

describe("byName", () => {
  it("groups versions and says what the bare name means", () => {
    const [jade, ink] = byName(loras);
    expect(jade?.versions.map(({ label }) => label)).toEqual(["jade-v2", "jade-v1"]);
    expect(jade && meaning(jade)).toBe("→ jade-v1 (pinned)");
    expect(ink && meaning(ink)).toBeNull();
  });

  it("says what a name means after a deletion", () => {
    expect(loras.map((lora) => afterwards(lora, loras))).toEqual([
      null,
      "jade will use jade-v2.",
      "No other version of ink is left.",
    ]);
  });
});

describe("what the queue says", () => {
  it.each([
    ["user:0123456789", null, "Account 01234567"],
    ["anon:abcdefghij", null, "Visitor abcdef"],
    ["ip:2001:db8::7", null, "2001:db8::7"],
    ["user:0123456789", "ada", "Account 01234567 for ada"],
  ])("%s for %s is %s", (owner, end_user, words) => expect(ownerWords({ owner, end_user })).toBe(words));

  it("says short times", () => {
    expect([2.4, 90, 5400].map(age)).toEqual(["2 s", "2 min", "1.5 h"]);
    expect([0.084, 12].map(milliseconds)).toEqual(["84 ms", "12 s"]);
  });
});
