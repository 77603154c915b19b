/** Prompts to start from. */
import type { GenerateRequest } from "@/api/types";
import demo from "./demo-examples.json";

export interface Example {
  request: GenerateRequest;
  /** Address of a picture that the demo model made from the same words. */
  picture: string;
}

/** Pictures by scripts/page/examples.py. The seed is that script's; a visitor's pictures get new ones. */
export const DEMO_EXAMPLES: readonly Example[] = demo.map(({ picture, seed: _, ...request }) => ({
  request,
  picture: `/examples/${picture}`,
}));

export const EXAMPLES: readonly GenerateRequest[] = [
  { prompt: "portrait in soft window light, linen shirt, freckles" },
  { prompt: "lighthouse on a cliff, storm rolling in, long exposure" },
  { prompt: "a fox asleep in autumn leaves" },
  { prompt: "glass teapot on a stone table, steam, morning sun" },
];
