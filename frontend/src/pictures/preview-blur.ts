/** Blur of a preview, which is smaller than its place. */

/** Of the width of one preview pixel: hides the squares, not the drawing. */
const SHARE = 0.35;

/** CSS pixels, for a preview of `preview_px` shown `shown_px` wide. */
export function previewBlur(shown_px: number, preview_px: number): number {
  return preview_px > 0 ? Math.round((100 * SHARE * shown_px) / preview_px) / 100 : 0;
}
