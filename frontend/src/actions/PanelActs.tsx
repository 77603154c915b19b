"use client";
import { ChevronDownIcon } from "lucide-react";
import { useState } from "react";
import { flushSync } from "react-dom";
import { useOptions } from "@/api/catalog";
import type { Picture } from "@/domain/picture";
import { t } from "@/i18n/t";
import { cn } from "@/lib/cn";
import { Act } from "@/pictures/PictureFacts";
import { hasChoice, UpscaleOptions } from "./UpscaleOptions";
import { useActions } from "./use-actions";

interface PanelActsProps {
  picture: Picture;
  onStart: (picture: Picture) => void;
  /** Closes the viewer: closing gives the focus back, and what follows may move it. */
  onClose: () => void;
}

/** What can be made from a picture, in the panel of the viewer. */
export function PanelActs({ picture, onStart, onClose }: PanelActsProps) {
  const options = useOptions().data;
  const [isOpen, setIsOpen] = useState(false);
  const leave = () => flushSync(onClose);
  return (
    <>
      {useActions(picture, onStart).map(({ label, icon: Icon, run }) => (
        <Act
          key={label}
          icon={<Icon aria-hidden />}
          onClick={() => {
            leave();
            run();
          }}
        >
          {label}
        </Act>
      ))}
      {options && hasChoice(picture, options) && (
        <Act
          isExpanded={isOpen}
          icon={<ChevronDownIcon aria-hidden className={cn("transition-transform", isOpen && "rotate-180")} />}
          onClick={() => setIsOpen(!isOpen)}
        >
          {t("Upscale by…")}
        </Act>
      )}
      {isOpen && (
        <div className="col-span-full">
          <UpscaleOptions picture={picture} onLeave={leave} />
        </div>
      )}
    </>
  );
}
