"use client";
import { ImagePlayIcon, ImageUpIcon, LoaderCircleIcon } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { Button } from "@/components/ui/button";

interface PictureButtonsProps {
  onRead: (file: File) => void;
  onStart: (file: File) => void;
  isUploading: boolean;
}

/** The drop's equals for keyboards and phones. */
export function PictureButtons({ onRead, onStart, isUploading }: PictureButtonsProps) {
  return (
    <div className="flex flex-wrap justify-center gap-x-2">
      <FileButton label="Picture to read settings from" onPicture={onRead} icon={<ImageUpIcon aria-hidden />}>
        Read a picture's settings
      </FileButton>
      <FileButton
        label="Picture to start from"
        onPicture={onStart}
        icon={isUploading ? <LoaderCircleIcon aria-hidden className="animate-spin" /> : <ImagePlayIcon aria-hidden />}
      >
        Start from a picture
      </FileButton>
      <span role="status" className="sr-only">
        {isUploading ? "Sending the picture…" : ""}
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
      <Button
        variant="ghost"
        size="sm"
        className="pointer-coarse:h-11 font-normal text-muted-foreground"
        onClick={() => input.current?.click()}
      >
        {icon}
        {children}
      </Button>
    </>
  );
}
