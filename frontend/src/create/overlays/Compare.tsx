"use client";
import { Share2Icon, XIcon } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { usePictureDialog } from "@/actions/dialog";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { differences, type Fact, factsOf, SENT } from "@/domain/facts";
import { promptOf } from "@/domain/job";
import type { Picture } from "@/domain/picture";
import { t, tName } from "@/i18n/t";
import { useBackCloses } from "@/lib/use-back-closes";
import { usePanZoom } from "@/pictures/zoom/pan-zoom";
import { dividerAt } from "@/pictures/zoom/view";
import { ZoomControls } from "@/pictures/zoom/ZoomControls";
import { CompareSlider } from "./CompareSlider";
import { Frame } from "./Frame";

type Mode = "slider" | "side by side";

interface CompareProps {
  first: Picture;
  second: Picture;
  title?: string;
  onClose: () => void;
}

/** Two pictures, full screen: one over the other with a divider to drag, or next to each other. */
export default function Compare({ first, second, title = t("Compare two pictures"), onClose }: CompareProps) {
  const [mode, setMode] = useState<Mode>("slider");
  useBackCloses(onClose);
  const [divider_percent, setDivider] = useState(50);
  const [stage, setStage] = useState<HTMLDivElement | null>(null);

  function dragTo(clientX_px: number) {
    const frame = stage?.querySelector("[data-frame]");
    if (frame) setDivider(dividerAt(clientX_px, frame.getBoundingClientRect()));
  }

  const { view, zoomIn, zoomOut, reset, onKey, handlers } = usePanZoom(stage, {
    onDrag: mode === "slider" ? dragTo : undefined,
  });
  return (
    <Dialog.Root open onOpenChange={(isOpen) => isOpen || onClose()}>
      <Dialog.Portal>
        <Dialog.Content
          aria-describedby={undefined}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            document.querySelector<HTMLElement>(`[data-picture="${second.output.id}"]`)?.focus();
          }}
          onKeyDown={(event) => !event.defaultPrevented && onKey(event.key)}
          className="results-full fade-in-0 fixed inset-0 z-[1001] flex animate-in flex-col bg-background text-foreground outline-none"
        >
          <Dialog.Title className="sr-only">{title}</Dialog.Title>
          <header className="flex items-center justify-between gap-2 p-3">
            <Modes mode={mode} onChange={setMode} />
            <div className="flex items-center">
              <ZoomControls zoom={view.zoom} onIn={zoomIn} onOut={zoomOut} onReset={reset} />
              <Tip label={t("Close")} side="bottom">
                <Dialog.Close asChild>
                  <Button variant="ghost" size="icon" aria-label={t("Close")}>
                    <XIcon aria-hidden />
                  </Button>
                </Dialog.Close>
              </Tip>
            </div>
          </header>
          <div
            ref={setStage}
            className="min-h-0 flex-1 cursor-grab touch-none select-none px-3 active:cursor-grabbing"
            {...handlers}
          >
            {mode === "slider" ? (
              <CompareSlider
                first={first}
                second={second}
                view={view}
                divider_percent={divider_percent}
                onDivider={setDivider}
                onDrag={dragTo}
              />
            ) : (
              <div className="grid h-full gap-3 portrait:grid-rows-2 landscape:grid-cols-2">
                <Frame picture={first} view={view} />
                <Frame picture={second} view={view} />
              </div>
            )}
          </div>
          <Captions first={first} second={second} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Modes({ mode, onChange }: { mode: Mode; onChange: (mode: Mode) => void }) {
  return (
    <fieldset className="flex rounded-full bg-muted p-0.5">
      <legend className="sr-only">{t("View")}</legend>
      {(["slider", "side by side"] as const).map((each) => (
        <Button
          key={each}
          variant="ghost"
          size="sm"
          aria-pressed={each === mode}
          onClick={() => onChange(each)}
          className={each === mode ? "bg-background hover:bg-background" : "text-muted-foreground"}
        >
          {each === "slider" ? t("Slider") : t("Side by side")}
        </Button>
      ))}
    </fieldset>
  );
}

/** What each picture has that the other has not. */
function Captions({ first, second }: { first: Picture; second: Picture }) {
  const share = usePictureDialog((dialogs) => dialogs.open);
  const differing = differences(withPrompt(first), withPrompt(second));
  return (
    <footer className="grid grid-cols-2 gap-6 p-4 text-sm">
      {(["first", "second"] as const).map((side) => (
        <div key={side} className="flex min-w-0 flex-col items-start gap-1 last:items-end last:text-right">
          <p className="line-clamp-3 min-w-0 text-muted-foreground tabular-nums">
            <span className="sr-only">{side === "first" ? t("Left picture:") : t("Right picture:")} </span>
            {differing.length === 0
              ? t("Same settings")
              : differing.map((pair) => `${tName(pair.label)} ${pair[side] ?? t("none")}`).join(" · ")}
          </p>
          <Button
            variant="ghost"
            size="sm"
            className="text-muted-foreground"
            onClick={() => share({ kind: "share", picture: side === "first" ? first : second })}
          >
            <Share2Icon aria-hidden />
            {t("Share")}
            <span className="sr-only"> {side === "first" ? t("the left picture") : t("the right picture")}</span>
          </Button>
        </div>
      ))}
    </footer>
  );
}

function withPrompt({ job, output }: Picture): Fact[] {
  const facts = factsOf(job, output).filter(({ label }) => label !== "File" && label !== SENT);
  return [{ label: "Prompt", value: promptOf(job) }, ...facts];
}
