/** What a first visit does not see, or sees late: not part of the first load. */
import dynamic from "next/dynamic";

/** Fetches the lightbox's code ahead of the click. */
export const loadLightbox = () => void lightbox();
export const loadCompare = () => void compare();

const lightbox = () => import("./Lightbox");
const compare = () => import("./Compare");

export const Wall = dynamic(() => import("./Wall"), { ssr: false });
export const Lightbox = dynamic(lightbox, { ssr: false });
export const Compare = dynamic(compare, { ssr: false });
