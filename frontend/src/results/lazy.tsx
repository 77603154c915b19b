/** The views that most visits open late or never: not part of the first load. */
import dynamic from "next/dynamic";

/** Fetches the lightbox's code ahead of the click. */
export const loadLightbox = () => void lightbox();
export const loadCompare = () => void compare();

const lightbox = () => import("./Lightbox");
const compare = () => import("./Compare");

export const Lightbox = dynamic(lightbox, { ssr: false });
export const Compare = dynamic(compare, { ssr: false });
