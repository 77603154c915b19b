"use client";
import { ChevronUpIcon, DownloadIcon } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useOptions } from "@/api/catalog";
import { CopyButton } from "@/components/CopyButton";
import { Button, buttonLook } from "@/components/ui/button";
import { factsOf } from "@/domain/facts";
import { promptOf } from "@/domain/job";
import type { Picture } from "@/domain/picture";
import { t, tName, tNumber } from "@/i18n/t";
import { cn } from "@/lib/cn";

interface PictureFactsProps {
  picture: Picture;
  /** Further actions, after the download: `Act`s. */
  children: ReactNode;
}

/** All about a picture and its actions: a panel at the side, a sheet from below on a phone. */
export function PictureFacts({ picture, children }: PictureFactsProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { job, output } = picture;
  const prompt = promptOf(job);
  return (
    <aside
      aria-label={t("About this picture")}
      className="flex max-h-[75svh] shrink-0 flex-col rounded-t-2xl border-t bg-popover text-popover-foreground side:max-h-none side:w-[22rem] low:w-60 side:rounded-none side:border-t-0 side:border-l"
    >
      <div className="min-h-0 space-y-5 overflow-y-auto px-5 pt-4 pb-5 sheet:space-y-3 sheet:px-4 sheet:pt-3 low:px-4 lg:px-6 lg:py-6">
        <div className="flex items-start gap-2">
          <p
            className={cn(
              "min-w-0 flex-1 whitespace-pre-wrap break-words leading-relaxed",
              !isOpen && "sheet:line-clamp-1",
            )}
          >
            {prompt}
          </p>
          <CopyButton label={t("Copy prompt")} text={prompt} />
        </div>
        <div
          className={cn(
            "grid grid-cols-4 gap-2 low:grid-cols-3 lg:grid-cols-2 [&>[data-stays]:empty]:hidden [&>[data-stays]]:order-last",
            // one row of actions: the picture has the rest of the window
            !isOpen && "sheet:grid-cols-5 sheet:[&>*:nth-child(n+5):not([data-stays]):not([data-more])]:hidden",
          )}
        >
          <a
            className={buttonLook({
              className: cn(
                "col-span-full",
                !isOpen &&
                  "sheet:col-span-1 sheet:h-14 sheet:flex-col sheet:gap-1 sheet:rounded-xl sheet:px-0.5 sheet:text-[0.6875rem]",
              ),
            })}
            aria-keyshortcuts="d"
            href={output.download_url}
            download={output.filename}
          >
            <DownloadIcon aria-hidden />
            {t("Download")}
          </a>
          {children}
          <Button
            variant="ghost"
            data-more
            aria-expanded={isOpen}
            onClick={() => setIsOpen(!isOpen)}
            className={cn(
              "side:hidden text-muted-foreground",
              isOpen ? "col-span-full" : "h-14 flex-col gap-1 rounded-xl px-0.5 text-[0.6875rem]",
            )}
          >
            <ChevronUpIcon aria-hidden className={cn("transition-transform", isOpen && "rotate-180")} />
            {isOpen ? t("Less") : t("More")}
          </Button>
        </div>
        <Facts picture={picture} className={isOpen ? undefined : "sheet:hidden"} />
        <Shortcuts />
      </div>
    </aside>
  );
}

const SHORTCUTS = [
  ["F", "favorite"],
  ["D", "download"],
  ["Del", "delete"],
  ["← →", "turn"],
  ["Esc", "close"],
] as const;

/** For visitors with a keyboard. */
function Shortcuts() {
  return (
    <p className="flex flex-wrap gap-x-3 gap-y-1 text-muted-foreground text-xs [@media(hover:none)]:hidden">
      {SHORTCUTS.map(([key, what]) => (
        <span key={key}>
          <kbd className="rounded border px-1 font-sans">{tName(key)}</kbd> {t(what)}
        </span>
      ))}
    </p>
  );
}

interface ActProps {
  onClick: () => void;
  icon: ReactNode;
  isPressed?: boolean;
  /** Of an action that opens more. */
  isExpanded?: boolean;
  /** The key that does it. */
  shortcut?: string;
  children: string;
}

/** One action on the picture: where room is scarce, its words are below the icon. */
export function Act({ onClick, icon, isPressed, isExpanded, shortcut, children }: ActProps) {
  return (
    <Button
      variant="secondary"
      className="px-2 max-lg:h-14 max-lg:min-w-0 max-lg:flex-col max-lg:gap-1 max-lg:whitespace-normal max-lg:rounded-xl max-lg:px-0.5 max-lg:text-[0.6875rem] max-lg:leading-tight"
      aria-keyshortcuts={shortcut}
      aria-pressed={isPressed}
      aria-expanded={isExpanded}
      onClick={onClick}
    >
      {icon}
      {children}
    </Button>
  );
}

function Facts({ picture, className }: { picture: Picture; className: string | undefined }) {
  const samplers = useOptions().data?.samplers;
  const labelOf = (name: string) => {
    const sampler = samplers?.find((each) => each.name === name);
    return sampler ? [sampler.label, sampler.schedule_type].filter(Boolean).join(" ") : name;
  };
  const { moderation } = picture.output;
  const facts = factsOf(picture.job, picture.output, labelOf);
  if (moderation)
    facts.push({
      label: "Moderation",
      value: t("{verdict}, score {score}", {
        verdict: tName(moderation.verdict),
        score: tNumber(moderation.score, { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
      }),
    });
  return (
    <dl className={cn("grid grid-cols-[auto_1fr] items-baseline gap-x-6 gap-y-2.5 text-sm", className)}>
      {facts.map(({ label, value }) => (
        <div key={label} className="contents">
          <dt className="text-muted-foreground">{tName(label)}</dt>
          <dd className="min-w-0 break-words text-right tabular-nums">
            {label === "Seed" ? (
              <span className="inline-flex items-center gap-1">
                {value}
                <CopyButton label={t("Copy seed")} text={value} className="-my-2 -mr-2" />
              </span>
            ) : (
              value
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
