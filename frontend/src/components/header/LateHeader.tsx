"use client";
import { lazyPart } from "@/lib/lazy";

/** The header of a page that every other page carries along (not-found.tsx): its code is fetched when it is shown. */
export const [LateHeader] = lazyPart(async () => ({ default: (await import("./Header")).Header }), {
  meanwhile: () => <div className="h-16" />,
});
