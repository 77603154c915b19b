import type { Metadata } from "next";
import { Operator } from "@/operator/Operator";

export const metadata: Metadata = { title: "Operator" };

export default function Page() {
  return <Operator />;
}
