"use client";
import { useTheme } from "next-themes";
import { useEffect } from "react";
import { Toaster, toast } from "sonner";
import type { useNotices } from "./notify";

type Notice = NonNullable<ReturnType<typeof useNotices.getState>["last"]>;

export default function Toasts({ last }: { last: Notice }) {
  const { resolvedTheme } = useTheme();
  useEffect(() => {
    toast[last.kind](last.text);
  }, [last]);
  return (
    <Toaster
      position="bottom-center"
      theme={resolvedTheme === "dark" ? "dark" : "light"}
      toastOptions={{ className: "!rounded-xl !font-sans" }}
    />
  );
}
