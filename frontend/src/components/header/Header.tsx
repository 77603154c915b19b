"use client";
import { MoonIcon, SunIcon } from "lucide-react";
import { usePathname } from "next/navigation";
import { useTheme } from "next-themes";
import { withWayBack } from "@/address/way-back";
import { useOptions } from "@/api/catalog";
import { useMe } from "@/api/session";
import { Link } from "@/components/Link";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { t } from "@/i18n/t";
import { AccountMenu } from "./AccountMenu";
import { Shortcuts } from "./Shortcuts";

const PAGES = [
  ["/", "Create"],
  ["/history/", "History"],
  ["/compare/", "Grid"],
] as const;
const GALLERY = ["/gallery/", "Gallery"] as const;

/** The site's pages. "Create" leads to an empty form: its address has no settings. */
export function Header() {
  const here = usePathname();
  const pages = useOptions().data?.gallery ? [...PAGES, GALLERY] : PAGES;
  return (
    <header className="mx-auto flex h-14 w-full max-w-[112rem] items-center gap-1 px-4 max-[24rem]:px-2.5 sm:px-6">
      <a
        href="#main"
        className="sr-only rounded-lg bg-primary px-3 py-2 text-primary-foreground text-sm focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50"
      >
        {t("Skip to content")}
      </a>
      <Link
        href="/"
        aria-label="LoRA Studio"
        className="flex items-center gap-2.5 rounded-lg font-semibold tracking-tight sm:mr-4"
      >
        <Mark />
        <span className="hidden sm:inline">LoRA Studio</span>
      </Link>
      <nav aria-label={t("Site")} className="flex items-center">
        {pages.map(([path, name]) => (
          <Link
            key={path}
            href={path}
            aria-current={here === path ? "page" : undefined}
            className="rounded-full px-2.5 py-1.5 text-[0.8125rem] max-[24rem]:px-1.5 text-muted-foreground transition-colors hover:text-foreground aria-[current]:bg-muted aria-[current]:text-foreground sm:px-3 sm:text-sm"
          >
            {t(name)}
          </Link>
        ))}
      </nav>
      <div className="ml-auto flex items-center gap-1">
        <ThemeButton />
        <LogInLink />
        <AccountMenu />
      </div>
      <Shortcuts />
    </header>
  );
}

/** For visitors without an account, where there is room. */
function LogInLink() {
  const me = useMe().data;
  if (!me || me.user) return null;
  return (
    <Link href={() => withWayBack("/login/")} className="button button-ghost button-size-sm hidden sm:inline-flex">
      {t("Log in")}
    </Link>
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
  const { theme, resolvedTheme, setTheme } = useTheme();
  // the other one, then back to the system's, which is where everybody begins
  const other = resolvedTheme === "dark" ? "light" : "dark";
  const next = theme === "system" ? other : "system";
  return (
    <Tip label={next === "system" ? t("As the system") : t("Light or dark")} side="bottom" align="end">
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={t("Switch between light and dark")}
        onClick={() => setTheme(next)}
      >
        <SunIcon aria-hidden className="hidden dark:block" />
        <MoonIcon aria-hidden className="dark:hidden" />
      </Button>
    </Tip>
  );
}
