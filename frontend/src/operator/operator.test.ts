import { describe, expect, it } from "vitest";
import { aLora } from "@/api/examples";
import type { Worker } from "@/api/types";
import { afterwards, byName, meaning } from "@/operator/loras/versions";
import { age, milliseconds, ownerWords } from "./Queue";
import { facts, stateWords } from "./Workers";

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

describe("what a worker says", () => {
  const worker: Worker = {
    id: "0".repeat(32).concat("-", "1".repeat(8)),
    state: "ready",
    base_model: "demo",
    version: "0.1.0",
    gpu: "NVIDIA GeForce RTX 4090",
    memory_used_bytes: 14_200_000_000,
    memory_total_bytes: 25_300_000_000,
    resident_loras: ["ink", "jade-v1"],
    step_s: 0.42,
    rows: 7.64,
    jobs: ["a"],
    started_at: "2026-11-22T09:00:00Z",
    heartbeat_at: "2026-11-22T10:00:00Z",
    heartbeat_age_s: 1.2,
    drain: null,
    exits: false,
  };

  it.each([
    [{}, "Ready"],
    [{ state: "draining", drain: "finish" }, "Finishing its jobs"],
    [{ state: "draining", drain: "hand_back", exits: true }, "Handing its jobs back, then it exits"],
    [{ state: "draining", drain: "finish", jobs: [] }, "Drained"],
    [{ state: "gone", drain: "finish" }, "Gone"],
  ] as const)("%o is %s", (changes, words) => expect(stateWords({ ...worker, ...changes } as Worker)).toBe(words));

  it("names what it knows", () => {
    const known = Object.fromEntries(facts(worker));
    expect(known).toMatchObject({ Memory: "14.2 of 25.3 GB used", LoRAs: "ink, jade-v1", Step: "420 ms, 7.6 rows" });
    const cpu = { ...worker, gpu: null, memory_used_bytes: null, memory_total_bytes: null, step_s: null, rows: null };
    expect(Object.keys(Object.fromEntries(facts(cpu)))).not.toContain("Memory");
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
