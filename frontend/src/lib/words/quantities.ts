/** Counts, times and sizes in words. */

/** `about 12 s`, `about 2 min`, `about 1 h 10 min`. `remaining_s` is the server's forecast, in whole seconds. */
export function aboutTime(remaining_s: number): string {
  if (remaining_s < 60) return `about ${Math.max(1, Math.ceil(remaining_s))} s`;
  const minutes = Math.round(remaining_s / 60);
  if (minutes < 60) return `about ${minutes} min`;
  const rest = minutes % 60;
  return `about ${Math.floor(minutes / 60)} h${rest > 0 ? ` ${rest} min` : ""}`;
}

/** `4 pictures`, `1 picture`. */
export function pictures(count: number): string {
  return count === 1 ? "1 picture" : `${count.toLocaleString("en-US")} pictures`;
}

/** `812 B`, `21 KB`, `1.4 MB`. */
export function fileSize(size_bytes: number): string {
  if (size_bytes < 1000) return `${size_bytes} B`;
  if (size_bytes < 999_500) return `${Math.round(size_bytes / 1000)} KB`;
  return `${(size_bytes / 1_000_000).toFixed(1)} MB`;
}
