"use client";
import type { Picture } from "@/domain/picture";
import { t } from "@/i18n/t";
import { useActions } from "./use-actions";

/** The look of a line of a menu. */
export const MENU_ITEM =
  "flex w-full items-center gap-3 rounded-xl px-3 py-2 text-left text-sm hover:bg-muted focus-visible:bg-muted pointer-coarse:min-h-11 [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-muted-foreground";

interface MenuProps {
  picture: Picture;
  onStart: (picture: Picture) => void;
  /** An action was chosen. */
  onDone: () => void;
}

/** What can be made from a picture, as a list. */
export default function Menu({ picture, onStart, onDone }: MenuProps) {
  return (
    <ul aria-label={t("Go on from this picture")}>
      {useActions(picture, onStart).map(({ label, icon: Icon, run }) => (
        <li key={label}>
          <button
            type="button"
            className={MENU_ITEM}
            onClick={() => {
              run();
              onDone();
            }}
          >
            <Icon aria-hidden />
            {label}
          </button>
        </li>
      ))}
    </ul>
  );
}
