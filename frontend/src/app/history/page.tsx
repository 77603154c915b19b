import type { Metadata } from "next";
import { preload } from "react-dom";
import { History } from "@/history/History";
import { FIRST_PAGE_ADDRESS } from "@/jobs/history/first-page";

export const metadata: Metadata = { title: "History" };

export default function Page() {
  preload(FIRST_PAGE_ADDRESS, { as: "fetch", crossOrigin: "anonymous" });
  return <History />;
}
