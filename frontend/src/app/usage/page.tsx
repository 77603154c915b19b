import type { Metadata } from "next";
import { Usage } from "@/usage/Usage";

export const metadata: Metadata = { title: "Usage" };

export default function Page() {
  return <Usage />;
}
