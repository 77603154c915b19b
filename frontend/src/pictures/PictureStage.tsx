"use client";
import { t, tName } from "@/i18n/t";
import "yet-another-react-lightbox/styles.css";
import "./lightbox.css";
import { createContext, type ReactNode, type RefObject, useContext, useEffect, useMemo, useRef } from "react";
import Yarl, {
  type ControllerRef,
  createModule,
  type GenericSlide,
  MODULE_CONTROLLER,
  type Plugin,
} from "yet-another-react-lightbox";
import Zoom from "yet-another-react-lightbox/plugins/zoom";
import type { Output } from "@/api/types";
import { useMedia } from "@/lib/use-media";
import { PictureSlide } from "./PictureSlide";

declare module "yet-another-react-lightbox" {
  interface SlideTypes {
    picture: Slide;
  }
}

interface Slide extends GenericSlide {
  type: "picture";
  output: Output;
}

interface PictureStageProps {
  outputs: readonly Output[];
  /** The picture shown. */
  id: string;
  nameOf: (id: string) => string;
  /** Another one was turned to. */
  onShow: (id: string) => void;
  onClose: () => void;
  /** Facts about the picture shown, next to it. */
  panel: ReactNode;
}

/** One picture as large as fits, its parameters next to it; the arrow keys lead to the others. */
export function PictureStage({ outputs, id, nameOf, onShow, onClose, panel }: PictureStageProps) {
  const slides = useMemo<Slide[]>(() => outputs.map((output) => ({ type: "picture", output })), [outputs]);
  const controller = useRef<ControllerRef>(null);
  useKeysInPanel(controller);
  const isRoomy = useMedia("(min-width: 64rem)");
  return (
    <Panel.Provider value={panel}>
      <Yarl
        open
        close={onClose}
        index={slides.findIndex((slide) => slide.output.id === id)}
        slides={slides}
        on={{ view: ({ index }) => onShow(slides[index]?.output.id ?? id) }}
        plugins={[Zoom, BesidePanel]}
        zoom={{ supports: ["picture"], maxZoom: 8, scrollToZoom: true, doubleClickMaxStops: 2 }}
        carousel={{ finite: true, padding: isRoomy ? "60px" : "14px", preload: 1 }}
        controller={{ ref: controller, closeOnBackdropClick: true, closeOnPullDown: true }}
        animation={{ fade: 180, swipe: 260, navigation: 180 }}
        labels={{
          Lightbox: t("Picture"),
          Carousel: t("Pictures"),
          "Photo gallery": t("Pictures"),
          Slide: t("Picture"),
          "{index} of {total}": tName("{index} of {total}"),
          Previous: t("Previous picture"),
          Next: t("Next picture"),
        }}
        className="results-full results-lightbox"
        render={{
          slide: ({ slide, rect }) =>
            slide.type === "picture" && (
              <PictureSlide output={slide.output} name={nameOf(slide.output.id)} room={rect} />
            ),
          ...(slides.length > 1 ? {} : { buttonPrev: nothing, buttonNext: nothing }),
        }}
      />
    </Panel.Provider>
  );
}

/** The stage handles its own keys; this handles keys pressed in the panel, and those of the actions there. */
function useKeysInPanel(controller: RefObject<ControllerRef | null>) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      if (event.key === "Escape") controller.current?.close();
      if (event.target instanceof Element && event.target.matches("input, select, textarea")) return;
      if (event.key === "ArrowLeft") controller.current?.prev();
      if (event.key === "ArrowRight") controller.current?.next();
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const act = [...document.querySelectorAll<HTMLElement>("[aria-keyshortcuts]")].find(
        (each) => each.getAttribute("aria-keyshortcuts")?.toLowerCase() === event.key.toLowerCase(),
      );
      act?.click();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [controller]);
}

const nothing = () => null;

const Panel = createContext<ReactNode>(null);

/** The stage with the panel to its right; below it on a phone. */
function StageAndPanel({ children }: { children?: ReactNode }) {
  return (
    <div className="flex h-full flex-col side:flex-row">
      <div className="relative min-h-0 min-w-0 flex-1">{children}</div>
      {useContext(Panel)}
    </div>
  );
}

const BesidePanel: Plugin = ({ addParent }) => addParent(MODULE_CONTROLLER, createModule("panel", StageAndPanel));
