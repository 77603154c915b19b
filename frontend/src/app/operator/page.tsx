import type { Metadata } from "next";
import { Operator } from "@/operator/Operator";

export const metadata: Metadata = { title: "Operator · LoRA Studio" };

export default function Page() {
  return <Operator />;
}
