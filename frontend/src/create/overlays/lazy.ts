/** The overlays' code, fetched when the pointer or the focus reaches a picture: it is no part of the first load. */
import { lazyPart } from "@/lib/lazy";
import { useViewing } from "./viewing";

const onMissing = () => useViewing.getState().close();

export const [Lightbox, loadLightbox] = lazyPart(() => import("./Lightbox"), { onMissing });
export const [Compare, loadCompare] = lazyPart(() => import("./Compare"), { onMissing });
