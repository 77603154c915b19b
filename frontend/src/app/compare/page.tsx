import type { Metadata } from "next";
import { Comparison } from "@/compare/Comparison";

export const metadata: Metadata = { title: "Compare · LoRA Studio" };

export default function Page() {
  return <Comparison />;
}
