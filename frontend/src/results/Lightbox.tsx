"use client";
import "yet-another-react-lightbox/styles.css";
import "./lightbox.css";
import { createContext, type ReactNode, type RefObject, useContext, useEffect, useMemo, useRef } from "react";
import { flushSync } from "react-dom";
import Yarl, {
  type ControllerRef,
  createModule,
  type GenericSlide,
  MODULE_CONTROLLER,
  type Plugin,
} from "yet-another-react-lightbox";
import Zoom from "yet-another-react-lightbox/plugins/zoom";
import { useShallow } from "zustand/react/shallow";
import type { GenerateRequest, Output } from "@/api/types";
import { useJobs } from "@/jobs/store";
import { PictureFacts } from "./PictureFacts";
import { PictureSlide } from "./PictureSlide";
import { findPicture, pictureName } from "./picture";
import { useMedia } from "./use-media";
import { useViewing } from "./viewing";

declare module "yet-another-react-lightbox" {
  interface SlideTypes {
    picture: Slide;
  }
}

interface Slide extends GenericSlide {
  type: "picture";
  output: Output;
}

interface LightboxProps {
  /** The picture shown. */
  id: string;
  onUse: (settings: GenerateRequest) => void;
  onGenerate: (request: GenerateRequest) => void;
}

/** One picture as large as it goes, its parameters beside it, all others an arrow key away. */
export default function Lightbox({ id, onUse, onGenerate }: LightboxProps) {
  const jobs = useJobs((store) => store.jobs);
  const outputs = useJobs(useShallow((store) => store.jobs.flatMap((job) => job.outputs)));
  const { open, close, compare } = useViewing();
  const slides = useMemo<Slide[]>(() => outputs.map((output) => ({ type: "picture", output })), [outputs]);
  const controller = useRef<ControllerRef>(null);
  useKeysInPanel(controller);
  const isRoomy = useMedia("(min-width: 64rem)");
  const picture = findPicture(jobs, id);
  if (!picture) return null;

  /** Closed first: closing gives the focus back, and what follows may move it. */
  const afterClosing = (act: (request: GenerateRequest) => void) => (request: GenerateRequest) => {
    flushSync(close);
    act(request);
  };
  const panel = (
    <PictureFacts
      picture={picture}
      onUse={afterClosing(onUse)}
      onGenerate={afterClosing(onGenerate)}
      onCompare={slides.length > 1 ? () => compare(id) : undefined}
    />
  );
  return (
    <Panel.Provider value={panel}>
      <Yarl
        open
        close={close}
        index={slides.findIndex((slide) => slide.output.id === id)}
        slides={slides}
        on={{ view: ({ index }) => open(slides[index]?.output.id ?? id) }}
        plugins={[Zoom, BesidePanel]}
        zoom={{ supports: ["picture"], maxZoom: 8, scrollToZoom: true, doubleClickMaxStops: 2 }}
        carousel={{ finite: true, padding: isRoomy ? "60px" : "14px", preload: 1 }}
        controller={{ ref: controller, closeOnBackdropClick: true, closeOnPullDown: true }}
        animation={{ fade: 180, swipe: 260, navigation: 180 }}
        labels={{ Lightbox: "Picture", Previous: "Previous picture", Next: "Next picture" }}
        className="results-full results-lightbox"
        render={{
          slide: ({ slide, rect }) => {
            const shown = findPicture(jobs, slide.type === "picture" ? slide.output.id : id);
            return shown && <PictureSlide output={shown.output} name={pictureName(shown)} room={rect} />;
          },
          ...(slides.length > 1 ? {} : { buttonPrev: nothing, buttonNext: nothing }),
        }}
      />
    </Panel.Provider>
  );
}

/** The stage answers its keys itself; those pressed in the panel come here. */
function useKeysInPanel(controller: RefObject<ControllerRef | null>) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      if (event.key === "Escape") controller.current?.close();
      if (event.key === "ArrowLeft") controller.current?.prev();
      if (event.key === "ArrowRight") controller.current?.next();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [controller]);
}

const nothing = () => null;

const Panel = createContext<ReactNode>(null);

/** The stage with the panel beside it; below it on a phone. */
function StageAndPanel({ children }: { children?: ReactNode }) {
  return (
    <div className="flex h-full flex-col lg:flex-row">
      <div className="relative min-h-0 min-w-0 flex-1">{children}</div>
      {useContext(Panel)}
    </div>
  );
}

const BesidePanel: Plugin = ({ addParent }) => addParent(MODULE_CONTROLLER, createModule("panel", StageAndPanel));
