"use client";
import { useEffect } from "react";
import { Floating } from "@/components/Floating";
import { Button } from "@/components/ui/button";
import { type Picture, veil } from "@/domain/picture";
import { t } from "@/i18n/t";
import { cn } from "@/lib/cn";
import { useViewing } from "./viewing";

/** Shown while one picture waits for a second one to be compared with. */
export function ChoosingBar({ first }: { first: Picture }) {
  const close = useViewing((viewing) => viewing.close);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) close();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [close]);
  return (
    <Floating role="status" className="py-1.5 pr-1.5 pl-2">
      <img
        src={first.output.thumbnail_url}
        alt=""
        className={cn("size-9 rounded-full object-cover", veil(first.output))}
      />
      <span>{t("Choose a second picture")}</span>
      <Button variant="secondary" size="sm" onClick={close}>
        {t("Cancel")}
      </Button>
    </Floating>
  );
}
