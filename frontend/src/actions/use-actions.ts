import {
  BrushIcon,
  ExpandIcon,
  FolderPlusIcon,
  ImagePlayIcon,
  type LucideIcon,
  MaximizeIcon,
  Share2Icon,
  SparklesIcon,
  WandSparklesIcon,
} from "lucide-react";
import { useOptions } from "@/api/catalog";
import type { Picture } from "@/domain/picture";
import { t } from "@/i18n/t";
import { type Derivation, useDerive } from "@/jobs/from-image";
import { usePictureDialog } from "./dialog";
import { useShowResults } from "./show-results";

export interface PictureAction {
  readonly label: string;
  readonly icon: LucideIcon;
  run(): void;
}

const SUBTLE = 0.35;
const STRONG = 0.7;
const SCALE = 2;

/** What can be made from a picture, for a menu or a panel; none until the server's options are known. `onStart` puts it into
 * the form as the picture to start from. */
export function useActions(picture: Picture, onStart: (picture: Picture) => void): readonly PictureAction[] {
  const derive = useDeriveAndShow(picture);
  const open = usePictureDialog((dialogs) => dialogs.open);
  const options = useOptions().data;
  if (!options) return [];
  const vary = (strength: number) => () => derive({ kind: "vary", strength, num_images: options.defaults.num_images });
  return [
    { label: t("Vary subtly"), icon: SparklesIcon, run: vary(SUBTLE) },
    { label: t("Vary strongly"), icon: WandSparklesIcon, run: vary(STRONG) },
    { label: t("Edit"), icon: BrushIcon, run: () => open({ kind: "edit", picture }) },
    { label: t("Extend"), icon: ExpandIcon, run: () => open({ kind: "extend", picture }) },
    { label: t("Upscale 2×"), icon: MaximizeIcon, run: () => derive({ kind: "upscale", scale: SCALE }) },
    { label: t("Use as start"), icon: ImagePlayIcon, run: () => onStart(picture) },
    {
      label: t("Add to collection"),
      icon: FolderPlusIcon,
      run: () => open({ kind: "collect", ids: [picture.output.id] }),
    },
    { label: t("Share"), icon: Share2Icon, run: () => open({ kind: "share", picture }) },
  ];
}

/** Makes something of the picture and leads to it. */
export function useDeriveAndShow(picture: Picture) {
  const { mutate, isPending } = useDerive(useShowResults());
  const options = useOptions().data;
  return (change: Derivation) => {
    if (options && !isPending) mutate({ picture, change, options });
  };
}
