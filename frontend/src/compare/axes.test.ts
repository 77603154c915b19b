import { expect, it } from "vitest";
import { readVariant } from "./axes";
import { variantName } from "./plan";

it.each([
  ["no LoRA", "No LoRA"],
  ["jade-v1:0.9", "jade-v1 · 0.9"],
  ["jade-v1:0.9 + amber:-0.4", "jade-v1 · 0.9 + amber · -0.4"],
])("%s is called %s", (label, name) => expect(variantName(readVariant(label))).toBe(name));
