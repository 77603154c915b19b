"use client";
import { type ComponentProps, type ReactNode, useId, useState } from "react";
import { t } from "@/i18n/t";
import { cn } from "@/lib/cn";

interface FieldProps extends Omit<ComponentProps<"input">, "id"> {
  label: string;
  /** A quieter line below: what is allowed. */
  hint?: ReactNode;
  /** What is wrong with the value. */
  problem?: string | null;
}

/** A labeled line of text, with what is allowed and what is wrong. */
export function Field({ label, hint, problem, className, type, ...input }: FieldProps) {
  const id = useId();
  const [isShown, setIsShown] = useState(false);
  const isPassword = type === "password";
  const describedBy = [problem && `${id}-problem`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return (
    <div className="space-y-1.5">
      <div className="flex items-baseline justify-between">
        <label htmlFor={id} className="font-medium text-sm">
          {label}
        </label>
        {isPassword && (
          <button
            type="button"
            aria-pressed={isShown}
            className="rounded text-muted-foreground text-xs underline underline-offset-2 hover:text-foreground"
            onClick={() => setIsShown(!isShown)}
          >
            {isShown ? t("Hide") : t("Show")}
            <span className="sr-only"> {t("what is typed")}</span>
          </button>
        )}
      </div>
      <input
        id={id}
        type={isPassword && isShown ? "text" : type}
        aria-invalid={problem ? true : undefined}
        aria-describedby={describedBy || undefined}
        className={cn(
          "h-10 w-full rounded-xl border border-input bg-card px-3 text-base placeholder:text-muted-foreground aria-[invalid]:border-destructive sm:text-sm",
          className,
        )}
        {...input}
      />
      {problem && (
        <p id={`${id}-problem`} className="text-destructive text-xs">
          {problem}
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} className="text-muted-foreground text-xs">
          {hint}
        </p>
      )}
    </div>
  );
}
