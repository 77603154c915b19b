import type { Metadata } from "next";
import { LogIn } from "@/account/LogIn";

export const metadata: Metadata = { title: "Log in" };

export default function Page() {
  return <LogIn />;
}
