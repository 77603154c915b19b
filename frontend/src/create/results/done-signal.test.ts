import { expect, it } from "vitest";
import { makeImage, makeJob } from "@/domain/examples";
import { titleOf } from "./DoneSignal";

it("counts the pictures of all running jobs in the title", () => {
  expect(titleOf([])).toBe("LoRA Studio");
  expect(titleOf([makeJob({ outputs: [makeImage(0), makeImage(1)] })])).toBe("(2/4) LoRA Studio");
  expect(titleOf([makeJob({ outputs: [makeImage(0)] }), makeJob()])).toBe("(1/8) LoRA Studio");
});
