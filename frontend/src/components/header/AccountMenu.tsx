"use client";
import { CircleUserRoundIcon } from "lucide-react";
import { useEffect } from "react";
import { followOtherWindows, useMe } from "@/api/session";
import { PopoverTrigger } from "@/components/PopoverTrigger";
import { t } from "@/i18n/t";
import { lazyPart } from "@/lib/lazy";

const [AccountPanel, loadPanel] = lazyPart(() => import("./AccountPanel"), { onMissing: ({ onDone }) => onDone() });

/** The user, and the way to the pages of an account. */
export function AccountMenu() {
  const me = useMe().data;
  useEffect(followOtherWindows, []);
  return (
    <PopoverTrigger
      label={t("Account menu")}
      panelLabel={t("Account")}
      onNear={loadPanel}
      className="grid size-9 place-items-center rounded-full transition-colors hover:bg-muted aria-expanded:bg-muted"
      face={
        me?.user ? (
          // the letter is no text: it is no part of the button's name
          <span
            data-letter={me.user.email.charAt(0)}
            className="grid size-7 place-items-center rounded-full bg-primary font-semibold text-primary-foreground text-xs uppercase before:content-[attr(data-letter)]"
          />
        ) : (
          <CircleUserRoundIcon aria-hidden className="size-5" />
        )
      }
    >
      {(close) => <AccountPanel me={me} onDone={close} />}
    </PopoverTrigger>
  );
}
