import { expect, it } from "vitest";
import { aLora } from "@/api/examples";
import { makeJob, someMetadata } from "./examples";
import { addedTrigger } from "./trigger";

const loras = [aLora("jade-v1", "jade woman")];
const job = (prompt: string, final_prompt: string, model = "jade-v1") =>
  makeJob({ metadata: someMetadata({ prompt, final_prompt, model }) });

it.each([
  ["castle", "jade woman, castle", { label: "jade-v1", trigger: "jade woman" }],
  ["a Jade  Woman, castle", "a Jade  Woman, castle", null],
  ["castle", "castle, oil painting", null], // a style's words
])("%s, sent as %s, has got %o", (prompt, sent, added) => {
  expect(addedTrigger(job(prompt, sent), loras)).toEqual(added);
});

it("nothing is known of a LoRA that is gone, nor before the server has said it", () => {
  expect(addedTrigger(job("castle", "jade woman, castle", "ghost-v1"), loras)).toBeNull();
  expect(addedTrigger(makeJob(), loras)).toBeNull();
});
