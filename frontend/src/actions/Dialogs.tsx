"use client";
import { useEffect } from "react";
import { t } from "@/i18n/t";
import { lazyPart } from "@/lib/lazy";
import { usePictureDialog } from "./dialog";
import { useShowResults } from "./show-results";

const onMissing = () => usePictureDialog.getState().close();
const [Editor] = lazyPart(() => import("@/edit/Editor"), { onMissing });
const [ShareDialog] = lazyPart(() => import("./ShareDialog"), { onMissing });
const [CollectDialog] = lazyPart(() => import("@/collections/CollectDialog"), { onMissing });
const [ExtendDialog] = lazyPart(() => import("./ExtendDialog"), { onMissing });
const [Compare] = lazyPart(() => import("@/create/overlays/Compare"), { onMissing });

/** The open dialog about pictures, if any. */
export function Dialogs() {
  const { dialog, close } = usePictureDialog();
  const showResults = useShowResults();
  useEffect(() => close, [close]); // another page is no place for it
  const onMade = () => {
    close();
    showResults();
  };
  switch (dialog?.kind) {
    case undefined:
      return null;
    case "edit":
      return <Editor picture={dialog.picture} onClose={close} onMade={onMade} />;
    case "extend":
      return <ExtendDialog picture={dialog.picture} onClose={close} onMade={onMade} />;
    case "share":
      return <ShareDialog picture={dialog.picture} onClose={close} />;
    case "collect":
      return <CollectDialog ids={dialog.ids} onClose={close} />;
    case "before and after":
      return <Compare title={t("Before and after")} first={dialog.before} second={dialog.picture} onClose={close} />;
  }
}
