"use client";
import { DownloadIcon, LoaderCircleIcon, Trash2Icon, XIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { notify } from "@/components/notify";
import { Button } from "@/components/ui/button";
import { downloadZip } from "./actions";
import { useDeletions } from "./deletions";
import type { HistoryPicture } from "./items";
import { useMarks } from "./marks";

/** Of one zip, by the API. */
const MAX_ZIPPED = 500;

/** What can be done with the chosen pictures together. Those that are out of sight by now do not count. */
export function ChoiceBar({ pictures }: { pictures: readonly HistoryPicture[] }) {
  const { chosen, chooseNone } = useMarks();
  const remove = useDeletions((deletions) => deletions.remove);
  const [isZipping, setIsZipping] = useState(false);
  const ids = chosen.size === 0 ? [] : pictures.flatMap(({ id }) => (chosen.has(id) ? [id] : []));

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) chooseNone();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [chooseNone]);

  async function zip() {
    setIsZipping(true);
    try {
      await downloadZip(ids);
    } catch (error) {
      notify("error", error instanceof Error ? error.message : String(error));
    }
    setIsZipping(false);
  }

  if (ids.length === 0) return null;
  const isTooMany = ids.length > MAX_ZIPPED;
  return (
    <section
      aria-label="Chosen pictures"
      className="fade-in-0 slide-in-from-bottom-4 fixed inset-x-4 bottom-6 z-[805] mx-auto flex w-fit max-w-full animate-in items-center gap-1 rounded-full border bg-popover py-1.5 pr-1.5 pl-4 text-popover-foreground text-sm shadow-black/15 shadow-xl"
    >
      <span role="status" className="mr-2 whitespace-nowrap tabular-nums">
        {ids.length} chosen
      </span>
      <Button
        variant="secondary"
        size="sm"
        aria-disabled={isZipping || isTooMany}
        title={isTooMany ? `At most ${MAX_ZIPPED} at a time` : undefined}
        onClick={isZipping || isTooMany ? undefined : zip}
      >
        {isZipping ? <LoaderCircleIcon aria-hidden className="animate-spin" /> : <DownloadIcon aria-hidden />}
        <span className="max-sm:sr-only">Download as zip</span>
      </Button>
      <Button
        variant="secondary"
        size="sm"
        onClick={() => {
          remove(ids);
          chooseNone();
        }}
      >
        <Trash2Icon aria-hidden />
        <span className="max-sm:sr-only">Delete</span>
      </Button>
      <Button variant="ghost" size="icon-sm" aria-label="Choose none" onClick={chooseNone}>
        <XIcon aria-hidden />
      </Button>
    </section>
  );
}
