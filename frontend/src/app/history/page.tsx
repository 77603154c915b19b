import type { Metadata } from "next";
import { preload } from "react-dom";
import { FIRST_PAGE_ADDRESS } from "@/history/first-page";
import { History } from "@/history/History";

export const metadata: Metadata = { title: "History" };

export default function Page() {
  preload(FIRST_PAGE_ADDRESS, { as: "fetch", crossOrigin: "anonymous" });
  return <History />;
}
