import type { MetadataRoute } from "next";

export const dynamic = "force-static";

/** What a phone shows of the page on its home screen. */
export default function manifest(): MetadataRoute.Manifest {
  return {
    name: "LoRA Studio",
    short_name: "LoRA Studio",
    start_url: "/",
    display: "standalone",
    background_color: "#0e1312",
    theme_color: "#0e1312",
    icons: [
      { src: "/icon.svg", sizes: "any", type: "image/svg+xml" },
      { src: "/icon-512.png", sizes: "512x512", type: "image/png" },
    ],
  };
}
