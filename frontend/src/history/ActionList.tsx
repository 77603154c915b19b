"use client";
import { DownloadIcon, RotateCwIcon, ShuffleIcon, SlidersHorizontalIcon, Trash2Icon } from "lucide-react";
import type { ReactNode } from "react";
import { useOptions } from "@/api/catalog";
import { formAddress, makeAgain } from "./actions";
import { removeAndMoveOn } from "./focus";
import type { HistoryPicture } from "./items";

const ITEM =
  "flex w-full items-center gap-3 rounded-xl px-3 py-2 text-left text-sm hover:bg-muted focus-visible:bg-muted [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-muted-foreground";

/** Everything that can be done with one picture. */
export function ActionList({ picture, onDone }: { picture: HistoryPicture; onDone: () => void }) {
  const options = useOptions().data;
  const { output } = picture;
  return (
    <>
      <p className="line-clamp-2 px-3 pt-1 pb-2 text-muted-foreground text-xs">{picture.job.request.prompt}</p>
      <ul>
        <li>
          <a href={output.download_url} download={output.filename} onClick={onDone} className={ITEM}>
            <DownloadIcon aria-hidden />
            Download
          </a>
        </li>
        <li>
          <a href={formAddress(picture, options)} className={ITEM}>
            <SlidersHorizontalIcon aria-hidden />
            Use these settings
          </a>
        </li>
        <Item onClick={() => makeAgain(picture, "new")} icon={<ShuffleIcon aria-hidden />}>
          Variations
        </Item>
        <Item onClick={() => makeAgain(picture, "same")} icon={<RotateCwIcon aria-hidden />}>
          Make again
        </Item>
        <li aria-hidden className="mx-3 my-1.5 border-t" />
        <Item
          onClick={() => {
            onDone();
            removeAndMoveOn(picture.id);
          }}
          icon={<Trash2Icon aria-hidden />}
        >
          Delete
        </Item>
      </ul>
    </>
  );
}

function Item({ onClick, icon, children }: { onClick: () => void; icon: ReactNode; children: string }) {
  return (
    <li>
      <button type="button" onClick={onClick} className={ITEM}>
        {icon}
        {children}
      </button>
    </li>
  );
}
