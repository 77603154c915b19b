/** A round number that no bar is higher than, at least 1: 1, 2, 5 times a power of ten. */
export function ceiling(highest: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(highest, 1)));
  return [1, 2, 5, 10].map((step) => step * power).find((round) => round >= highest) ?? 10 * power;
}
