import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface EmptyStateProps {
  icon: LucideIcon;
  title: string;
  text: string;
  /** What can be done about it. */
  children: ReactNode;
}

/** What a page shows instead of an empty list. */
export function EmptyState({ icon: Icon, title, text, children }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center gap-4 rounded-3xl border border-dashed px-6 py-16 text-center">
      <Icon aria-hidden className="size-8 text-muted-foreground" />
      <div className="space-y-1">
        <h2 className="font-semibold text-lg">{title}</h2>
        <p className="max-w-prose text-muted-foreground text-sm">{text}</p>
      </div>
      {children}
    </div>
  );
}
