import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

interface ButtonProps extends ComponentProps<"button"> {
  variant?: "default" | "secondary" | "ghost" | "outline" | "destructive" | "glass";
  size?: "default" | "sm" | "lg" | "icon" | "icon-sm";
  /** Gives its look to its only child, a link for example. */
  asChild?: boolean;
}

/** Its looks are in globals.css. */
export function Button({
  className,
  variant = "default",
  size = "default",
  asChild = false,
  type = "button",
  ...props
}: ButtonProps) {
  const classes = cn("button", `button-${variant}`, `button-size-${size}`, className);
  if (asChild) return <Slot.Root className={classes} {...props} />;
  return <button type={type} className={classes} {...props} />;
}
