"use client";
import { ChevronUpIcon, DownloadIcon } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useOptions } from "@/api/catalog";
import { CopyButton } from "@/components/CopyButton";
import { Button, buttonLook } from "@/components/ui/button";
import { factsOf } from "@/domain/facts";
import { promptOf } from "@/domain/job";
import type { Picture } from "@/domain/picture";
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
      aria-label="About this picture"
      className="flex max-h-[75svh] shrink-0 flex-col rounded-t-2xl border-t bg-popover text-popover-foreground lg:max-h-none lg:w-[22rem] lg:rounded-none lg:border-t-0 lg:border-l"
    >
      <div className="min-h-0 space-y-5 overflow-y-auto px-5 pt-4 pb-5 lg:px-6 lg:py-6">
        <div className="flex items-start gap-2">
          <p
            className={cn(
              "min-w-0 flex-1 whitespace-pre-wrap break-words leading-relaxed",
              !isOpen && "max-lg:line-clamp-2",
            )}
          >
            {prompt}
          </p>
          <CopyButton label="Copy prompt" text={prompt} />
        </div>
        <div className="grid grid-cols-4 gap-2 lg:grid-cols-2">
          <a
            className={buttonLook({ className: "col-span-4 lg:col-span-2" })}
            href={output.download_url}
            download={output.filename}
          >
            <DownloadIcon aria-hidden />
            Download
          </a>
          {children}
        </div>
        <Button
          variant="ghost"
          size="sm"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
          className="-my-2 w-full text-muted-foreground lg:hidden"
        >
          {isOpen ? "Hide details" : "Show details"}
          <ChevronUpIcon aria-hidden className={cn("transition-transform", isOpen && "rotate-180")} />
        </Button>
        <Facts picture={picture} className={isOpen ? undefined : "max-lg:hidden"} />
      </div>
    </aside>
  );
}

interface ActProps {
  onClick: () => void;
  icon: ReactNode;
  isPressed?: boolean;
  /** As wide as two others. */
  isWide?: boolean;
  children: string;
}

/** One action on the picture. */
export function Act({ onClick, icon, isPressed, isWide = false, children }: ActProps) {
  const width = isWide ? "col-span-4 lg:col-span-2" : "col-span-2 lg:col-span-1";
  return (
    <Button variant="secondary" className={cn("px-3", width)} aria-pressed={isPressed} onClick={onClick}>
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
  return (
    <dl className={cn("grid grid-cols-[auto_1fr] items-baseline gap-x-6 gap-y-2.5 text-sm", className)}>
      {factsOf(picture.job, picture.output, labelOf).map(({ label, value }) => (
        <div key={label} className="contents">
          <dt className="text-muted-foreground">{label}</dt>
          <dd className="min-w-0 break-words text-right tabular-nums">
            {label === "Seed" ? (
              <span className="inline-flex items-center gap-1">
                {value}
                <CopyButton label="Copy seed" text={value} className="-my-2 -mr-2" />
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
