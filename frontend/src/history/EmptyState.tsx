import { ImagesIcon, SearchXIcon } from "lucide-react";
import { Button } from "@/components/ui/button";

interface NothingProps {
  /** Something was looked for. */
  isFiltered: boolean;
  onShowAll: () => void;
}

export function Nothing({ isFiltered, onShowAll }: NothingProps) {
  const Icon = isFiltered ? SearchXIcon : ImagesIcon;
  return (
    <div className="flex flex-col items-center gap-4 rounded-3xl border border-dashed px-6 py-16 text-center">
      <Icon aria-hidden className="size-8 text-muted-foreground" />
      <div className="space-y-1">
        <h2 className="font-semibold text-lg">{isFiltered ? "Nothing found" : "Nothing here yet"}</h2>
        <p className="max-w-prose text-muted-foreground text-sm">
          {isFiltered
            ? "No prompt has all these words, or nothing was made this way."
            : "What you make is kept here, until you delete it."}
        </p>
      </div>
      {isFiltered ? (
        <Button variant="secondary" onClick={onShowAll}>
          Show everything
        </Button>
      ) : (
        <Button asChild>
          <a href="/">Make pictures</a>
        </Button>
      )}
    </div>
  );
}
