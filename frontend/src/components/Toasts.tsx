"use client";
import { type CSSProperties, useEffect } from "react";
import { Toaster, toast } from "sonner";
import { t } from "@/i18n/t";
import type { useNotices } from "@/lib/notify";

type Notice = NonNullable<ReturnType<typeof useNotices.getState>["last"]>;

// By the page's own variables: they change with everything else, not some renders later as `theme` would.
const COLORS = {
  "--normal-bg": "var(--popover)",
  "--normal-text": "var(--foreground)",
  "--normal-border": "var(--border)",
} as CSSProperties;

/** An offer takes longer to decide on than a notice to read. */
const OFFER_MS = 12_000;

export default function Toasts({ last }: { last: Notice }) {
  useEffect(() => {
    const { offer } = last;
    toast[last.kind](last.text, offer && { action: { label: offer.label, onClick: offer.run }, duration: OFFER_MS });
  }, [last]);
  return (
    <Toaster
      containerAriaLabel={t("Notifications")}
      position="bottom-center"
      style={COLORS}
      toastOptions={{ className: "!rounded-xl !font-sans" }}
    />
  );
}
