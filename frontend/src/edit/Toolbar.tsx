"use client";
import { BrushIcon, ContrastIcon, EraserIcon, Redo2Icon, Trash2Icon, Undo2Icon } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import Slider from "@/components/ui/slider";
import { Tip } from "@/components/ui/tooltip";
import { t } from "@/i18n/t";
import type { usePanZoom } from "@/pictures/zoom/pan-zoom";
import { ZoomControls } from "@/pictures/zoom/ZoomControls";
import type { Editor } from "./use-editor";

interface ToolbarProps {
  editor: Editor;
  panZoom: ReturnType<typeof usePanZoom>;
}

/** Brush and eraser, their size, and changes of the whole mask. */
export function Toolbar({ editor, panZoom }: ToolbarProps) {
  const { painting, tool, size, limits, share } = editor;
  const nothing = share === 0;
  return (
    <fieldset
      onMouseDown={(event) => event.preventDefault()} // the canvas keeps the focus, and with it the space bar
      className="flex flex-wrap items-center justify-center gap-x-3 gap-y-1 px-3 low:py-0 py-2"
    >
      <legend className="sr-only">{t("Tools")}</legend>
      <div className="flex">
        <Tool label={t("Brush")} keys="B" isPressed={tool === "brush"} onClick={() => editor.setTool("brush")}>
          <BrushIcon aria-hidden />
        </Tool>
        <Tool label={t("Eraser")} keys="E" isPressed={tool === "eraser"} onClick={() => editor.setTool("eraser")}>
          <EraserIcon aria-hidden />
        </Tool>
      </div>
      <div className="flex w-36 items-center gap-2 sm:w-48 low:w-20">
        <Slider
          label={t("Brush size")}
          value={size}
          min={limits.min}
          max={limits.max}
          step={1}
          onChange={editor.resize}
          valueText={`${size} px`}
        />
        <span aria-hidden className="low:hidden w-12 shrink-0 text-right text-muted-foreground text-xs tabular-nums">
          {size} px
        </span>
      </div>
      <div className="flex">
        <Tool label={t("Undo")} keys="Ctrl+Z" isOff={!painting.canUndo} onClick={() => editor.run({ kind: "undo" })}>
          <Undo2Icon aria-hidden />
        </Tool>
        <Tool
          label={t("Redo")}
          keys="Shift+Ctrl+Z"
          isOff={!painting.canRedo}
          onClick={() => editor.run({ kind: "redo" })}
        >
          <Redo2Icon aria-hidden />
        </Tool>
        <Tool label={t("Invert")} keys="I" onClick={() => editor.run({ kind: "invert" })}>
          <ContrastIcon aria-hidden />
        </Tool>
        <Tool label={t("Clear")} isOff={nothing} onClick={editor.clear}>
          <Trash2Icon aria-hidden />
        </Tool>
      </div>
      <div className="flex items-center [&_button]:pointer-coarse:h-11 [&_button]:pointer-coarse:min-w-11">
        <ZoomControls zoom={panZoom.view.zoom} onIn={panZoom.zoomIn} onOut={panZoom.zoomOut} onReset={panZoom.reset} />
      </div>
    </fieldset>
  );
}

interface ToolProps {
  label: string;
  /** Its shortcut. */
  keys?: string;
  isPressed?: boolean;
  isOff?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Tool({ label, keys, isPressed, isOff = false, onClick, children }: ToolProps) {
  return (
    <Tip label={keys ? `${label} (${keys})` : label}>
      <Button
        variant="ghost"
        size="icon"
        aria-label={label}
        aria-pressed={isPressed}
        aria-disabled={isOff}
        onClick={() => isOff || onClick()}
        className="pointer-coarse:size-11 aria-pressed:bg-accent aria-pressed:text-accent-foreground"
      >
        {children}
      </Button>
    </Tip>
  );
}
