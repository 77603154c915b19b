import type { Metadata } from "next";
import { Comparison } from "@/compare/Comparison";

export const metadata: Metadata = { title: "Grid" };

export default function Page() {
  return <Comparison />;
}
