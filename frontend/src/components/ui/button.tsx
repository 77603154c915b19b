import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

interface Look {
  variant?: "default" | "secondary" | "ghost" | "outline" | "destructive" | "glass";
  size?: "default" | "sm" | "lg" | "icon" | "icon-sm";
  className?: string;
}

/** The classes of a button, for a link that looks like one. They are in globals.css. */
export function buttonLook({ variant = "default", size = "default", className }: Look = {}): string {
  return cn("button", `button-${variant}`, `button-size-${size}`, className);
}

export function Button({ className, variant, size, type = "button", ...props }: ComponentProps<"button"> & Look) {
  return <button type={type} className={buttonLook({ variant, size, className })} {...props} />;
}
