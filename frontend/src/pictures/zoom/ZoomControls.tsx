"use client";
import { MinusIcon, PlusIcon } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { t, tNumber } from "@/i18n/t";
import { MAX_ZOOM } from "./view";

export function ZoomControls(props: { zoom: number; onIn: () => void; onOut: () => void; onReset: () => void }) {
  return (
    <>
      <Button
        variant="ghost"
        size="icon"
        aria-label={t("Zoom out")}
        aria-disabled={props.zoom <= 1}
        onClick={props.onOut}
      >
        <MinusIcon aria-hidden />
      </Button>
      <Tip label={t("Fit to screen")} side="bottom">
        <Button variant="ghost" size="sm" className="w-16 px-0 tabular-nums" onClick={props.onReset}>
          {props.zoom === 1 ? t("Fit") : `${tNumber(Math.round(props.zoom * 10) / 10)} ×`}
        </Button>
      </Tip>
      <Button
        variant="ghost"
        size="icon"
        aria-label={t("Zoom in")}
        aria-disabled={props.zoom >= MAX_ZOOM}
        onClick={props.onIn}
      >
        <PlusIcon aria-hidden />
      </Button>
    </>
  );
}
