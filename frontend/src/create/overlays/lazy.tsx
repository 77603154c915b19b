/** What a first visit does not see, or sees late: not part of the first load. */
import { lazyPart } from "@/components/lazy";
import { useViewing } from "./viewing";

const onMissing = () => useViewing.getState().close();

export const [Wall] = lazyPart(() => import("@/create/results/Wall"));
export const [Lightbox, loadLightbox] = lazyPart(() => import("./Lightbox"), { onMissing });
export const [Compare, loadCompare] = lazyPart(() => import("./Compare"), { onMissing });
