"use client";
import { ImagePlayIcon, ImageUpIcon, LoaderCircleIcon } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tooltip";
import { t } from "@/i18n/t";

interface PictureButtonsProps {
  onRead: (file: File) => void;
  onStart: (file: File) => void;
  isUploading: boolean;
}

/** The drop's equals for keyboards and phones. */
export function PictureButtons({ onRead, onStart, isUploading }: PictureButtonsProps) {
  return (
    <div data-dock="hide" className="flex">
      <FileButton label={t("Picture to read settings from")} onPicture={onRead} icon={<ImageUpIcon aria-hidden />}>
        {t("Load settings from a picture")}
      </FileButton>
      <FileButton
        label={t("Picture to start from")}
        onPicture={onStart}
        icon={isUploading ? <LoaderCircleIcon aria-hidden className="animate-spin" /> : <ImagePlayIcon aria-hidden />}
      >
        {t("Start from a picture")}
      </FileButton>
      <span role="status" className="sr-only">
        {isUploading ? t("Sending the picture…") : ""}
      </span>
    </div>
  );
}

interface FileButtonProps {
  /** Of the file field. */
  label: string;
  onPicture: (file: File) => void;
  icon: ReactNode;
  children: string;
}

function FileButton({ label, onPicture, icon, children }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        aria-label={label}
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onPicture(file);
          event.target.value = "";
        }}
      />
      <Tip label={children}>
        <Button
          variant="ghost"
          size="icon"
          className="pointer-coarse:size-11 text-muted-foreground"
          aria-label={children}
          onClick={() => input.current?.click()}
        >
          {icon}
        </Button>
      </Tip>
    </>
  );
}
