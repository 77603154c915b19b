"use client";
import {
  DownloadIcon,
  RotateCwIcon,
  ShuffleIcon,
  SlidersHorizontalIcon,
  TextCursorInputIcon,
  Trash2Icon,
} from "lucide-react";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import Menu, { MENU_ITEM } from "@/actions/Menu";
import { useLoras, useOptions } from "@/api/catalog";
import { Link } from "@/components/Link";
import { promptOf } from "@/domain/job";
import { t } from "@/i18n/t";
import { formAddress, promptAddress, startAddress, useMakeAgain } from "./actions";
import { useDeleteAndMoveOn } from "./focus";
import type { HistoryPicture } from "./items";

/** Every action on one picture. */
export function ActionList({ picture, onDone }: { picture: HistoryPicture; onDone: () => void }) {
  const options = useOptions().data;
  const loras = useLoras().data;
  const router = useRouter();
  const makeAgain = useMakeAgain();
  const deleteAndMoveOn = useDeleteAndMoveOn();
  const { output } = picture;
  return (
    <>
      <p className="line-clamp-2 px-3 pt-1 pb-2 text-muted-foreground text-xs">{promptOf(picture.job)}</p>
      <Menu picture={picture} onStart={(start) => router.push(startAddress(start, options, loras))} onDone={onDone} />
      <ul className="mt-1.5 border-t pt-1.5">
        <li>
          <a href={output.download_url} download={output.filename} onClick={onDone} className={MENU_ITEM}>
            <DownloadIcon aria-hidden />
            {t("Download")}
          </a>
        </li>
        <li>
          <Link href={formAddress(picture, options, loras)} className={MENU_ITEM}>
            <SlidersHorizontalIcon aria-hidden />
            {t("Reuse everything")}
          </Link>
        </li>
        <li>
          <Link href={promptAddress(picture)} className={MENU_ITEM}>
            <TextCursorInputIcon aria-hidden />
            {t("Reuse prompt")}
          </Link>
        </li>
        <Item onClick={() => makeAgain(picture, "new")} icon={<ShuffleIcon aria-hidden />}>
          {t("New seeds")}
        </Item>
        <Item onClick={() => makeAgain(picture, "same")} icon={<RotateCwIcon aria-hidden />}>
          {t("Regenerate")}
        </Item>
        <li aria-hidden className="mx-3 my-1.5 border-t" />
        <Item
          onClick={() => {
            onDone();
            deleteAndMoveOn(picture.id);
          }}
          icon={<Trash2Icon aria-hidden />}
        >
          {t("Delete")}
        </Item>
      </ul>
    </>
  );
}

function Item({ onClick, icon, children }: { onClick: () => void; icon: ReactNode; children: string }) {
  return (
    <li>
      <button type="button" onClick={onClick} className={MENU_ITEM}>
        {icon}
        {children}
      </button>
    </li>
  );
}
