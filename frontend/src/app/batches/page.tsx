import type { Metadata } from "next";
import { Batches } from "@/batches/Batches";

export const metadata: Metadata = { title: "Batches" };

export default function Page() {
  return <Batches />;
}
