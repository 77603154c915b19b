/** The overlays' code, fetched when the pointer or the focus reaches a picture: it is no part of the first load. */
import { lazyPart } from "@/lib/lazy";
import { closePicture } from "@/pictures/picture-address";
import { useViewing } from "./viewing";

export const [Lightbox, loadLightbox] = lazyPart(() => import("./Lightbox"), { onMissing: closePicture });
export const [Compare, loadCompare] = lazyPart(() => import("./Compare"), {
  onMissing: () => useViewing.getState().close(),
});
