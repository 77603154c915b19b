import type { ReactNode } from "react";

interface GalleryGridProps<Item> {
  /** For screen readers. */
  name: string;
  items: readonly Item[];
  keyOf: (item: Item) => string;
  show: (item: Item) => ReactNode;
}

/** Squares side by side, as many as the window has room for. */
export function GalleryGrid<Item>({ name, items, keyOf, show }: GalleryGridProps<Item>) {
  return (
    <ul aria-label={name} className="grid grid-cols-[repeat(auto-fill,minmax(min(11rem,45%),1fr))] gap-2 sm:gap-3">
      {items.map((item) => (
        <li key={keyOf(item)}>{show(item)}</li>
      ))}
    </ul>
  );
}
