"use client";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Header } from "./header/Header";

interface ShellProps {
  title: string;
  /** One or two sentences under the title. */
  note?: ReactNode;
  /** `narrow`: a form. `middle`: text and tables. `wide`: pictures. */
  width?: "narrow" | "middle" | "wide";
  children: ReactNode;
}

const WIDTHS = { narrow: "max-w-md", middle: "max-w-3xl", wide: "max-w-[112rem]" };

/** The header, a heading and the page's own content: every page but the create page. */
export function Shell({ title, note, width = "middle", children }: ShellProps) {
  return (
    <>
      <Header />
      <main id="main" className={cn("mx-auto w-full space-y-6 px-4 pt-4 pb-24 sm:px-6 sm:pt-8", WIDTHS[width])}>
        <div className="min-w-0 space-y-1.5">
          <h1 className="font-semibold text-2xl tracking-tight">{title}</h1>
          {note && <p className="max-w-prose text-pretty text-muted-foreground text-sm">{note}</p>}
        </div>
        {children}
      </main>
    </>
  );
}
