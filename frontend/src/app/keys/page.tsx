import type { Metadata } from "next";
import { Keys } from "@/keys/Keys";

export const metadata: Metadata = { title: "Keys" };

export default function Page() {
  return <Keys />;
}
