"use client";
import dynamic from "next/dynamic";
import { useNotices } from "./notify";

const Toasts = dynamic(() => import("./Toasts"), { ssr: false });

export function Notices() {
  const last = useNotices((state) => state.last);
  return last && <Toasts last={last} />;
}
