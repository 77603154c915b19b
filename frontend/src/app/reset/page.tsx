import type { Metadata } from "next";
import { Reset } from "@/account/Reset";

export const metadata: Metadata = { title: "New password" };

export default function Page() {
  return <Reset />;
}
