import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { firstLanguage, hideOtherLanguage } from "@/i18n/first-language";
import { Providers } from "./providers";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "LoRA Studio", template: "%s · LoRA Studio" },
  description: "Type what you would like to see, watch the pictures appear, pick one.",
  robots: { index: false },
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  viewportFit: "cover",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#fafbfa" },
    { media: "(prefers-color-scheme: dark)", color: "#0e1312" },
  ],
};

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: it has to run before the first paint */}
        <script dangerouslySetInnerHTML={{ __html: `(${hideOtherLanguage})(${firstLanguage})` }} />
      </head>
      <body className="min-h-dvh">
        <noscript>
          <p style={{ margin: "4rem auto", maxWidth: "36rem", padding: "0 1.5rem" }}>
            This page needs JavaScript, from this server only. Without it, the <a href="/docs">HTTP API</a> makes the
            same pictures.
          </p>
        </noscript>
        <Providers>
          <div className="overflow-x-clip">{children}</div>
        </Providers>
      </body>
    </html>
  );
}
