/** Prompts to start from. Those of the demo model have a picture that it made from the same words. */
export interface Example {
  prompt: string;
  style?: string;
  /** File in public/examples/, made by scripts/page_examples.py. */
  picture?: string;
}

export const DEMO_EXAMPLES: readonly (Example & { picture: string })[] = [
  { prompt: "jade woman, red dress, beach sunset", picture: "beach.webp" },
  { prompt: "jade woman, white kimono, snow, night", picture: "snow.webp" },
  { prompt: "jade woman, blue coat, city street, evening", picture: "city.webp" },
  { prompt: "jade woman, yellow sweater, forest, morning", picture: "forest.webp" },
  { prompt: "jade woman, black suit, desert, noon", picture: "desert.webp" },
  { prompt: "jade woman, purple dress, garden, dawn", picture: "garden.webp" },
];

export const EXAMPLES: readonly Example[] = [
  { prompt: "portrait in soft window light, linen shirt, freckles" },
  { prompt: "lighthouse on a cliff, storm rolling in, long exposure" },
  { prompt: "a fox asleep in autumn leaves" },
  { prompt: "glass teapot on a stone table, steam, morning sun" },
];
