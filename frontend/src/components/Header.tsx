"use client";
import { MoonIcon, SunIcon } from "lucide-react";
import { usePathname } from "next/navigation";
import { useTheme } from "next-themes";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { AccountMenu } from "./AccountMenu";
import { Link } from "./Link";

const PAGES = [
  ["/", "Create"],
  ["/history/", "History"],
  ["/compare/", "Compare"],
] as const;

/** The site's pages. "Create" leads to an empty form: its address has no settings. */
export function Header() {
  const here = usePathname();
  return (
    <header className="mx-auto flex h-16 w-full max-w-6xl items-center gap-1 px-4 sm:px-6">
      <Link
        href="/"
        aria-label="LoRA Studio"
        className="flex items-center gap-2.5 rounded-lg font-semibold tracking-tight sm:mr-4"
      >
        <Mark />
        <span className="hidden sm:inline">LoRA Studio</span>
      </Link>
      <nav aria-label="Site" className="flex items-center">
        {PAGES.map(([path, name]) => (
          <Link
            key={path}
            href={path}
            aria-current={here === path ? "page" : undefined}
            className="rounded-full px-2.5 py-1.5 text-[0.8125rem] text-muted-foreground transition-colors hover:text-foreground aria-[current]:bg-muted aria-[current]:text-foreground sm:px-3 sm:text-sm"
          >
            {name}
          </Link>
        ))}
      </nav>
      <div className="ml-auto flex items-center gap-1">
        <ThemeButton />
        <AccountMenu />
      </div>
    </header>
  );
}

/** A cut stone, seen from above: the icon of the page without its ground. */
function Mark() {
  return (
    <svg viewBox="0 0 32 32" className="size-7 text-primary" aria-hidden="true">
      <path
        d="M16 3.500 27 16 16 28.500 5 16Z"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.600"
        strokeLinejoin="round"
      />
      <path d="m16 10 5.200 6-5.200 6-5.200-6Z" fill="currentColor" />
    </svg>
  );
}

/** The theme is known in the browser only, so both icons are there and the theme's class picks one. */
function ThemeButton() {
  const { resolvedTheme, setTheme } = useTheme();
  return (
    <Tip label="Light or dark" side="bottom" align="end">
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label="Switch between light and dark"
        onClick={() => setTheme(resolvedTheme === "dark" ? "light" : "dark")}
      >
        <SunIcon aria-hidden className="hidden dark:block" />
        <MoonIcon aria-hidden className="dark:hidden" />
      </Button>
    </Tip>
  );
}
