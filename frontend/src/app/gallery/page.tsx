import type { Metadata } from "next";
import { PublicGallery } from "@/gallery/PublicGallery";

export const metadata: Metadata = { title: "Gallery" };

export default function Page() {
  return <PublicGallery />;
}
