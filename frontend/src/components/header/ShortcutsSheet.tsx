"use client";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { t, tName } from "@/i18n/t";

const GROUPS = [
  [
    "Create",
    [
      ["Enter", "generate"],
      ["Shift Enter", "new line"],
      ["Ctrl V", "use a copied picture"],
    ],
  ],
  [
    "Opened picture",
    [
      ["← →", "previous, next"],
      ["F", "favorite"],
      ["D", "download"],
      ["Del", "delete"],
      ["Esc", "close"],
    ],
  ],
  [
    "History",
    [
      ["Shift click", "select up to here"],
      ["Ctrl Z", "undo a deletion"],
      ["Esc", "stop selecting"],
    ],
  ],
  [
    "Grid",
    [
      ["+ −", "zoom"],
      ["0", "fit"],
      ["↑ ↓ ← →", "move when zoomed"],
    ],
  ],
  [
    "Editor",
    [
      ["B E", "brush, eraser"],
      ["[ ]", "smaller, larger"],
      ["I", "invert"],
      ["Ctrl Z", "undo"],
    ],
  ],
  ["Everywhere", [["?", "this list"]]],
] as const;

/** Every key that does something, by page. */
export default function ShortcutsSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onOpenChange={(isOpen) => isOpen || onClose()}>
      <DialogPanel title={t("Keyboard shortcuts")} className="z-[1101] max-h-[88dvh] w-[min(92vw,40rem)]">
        <div className="grid gap-x-10 gap-y-5 sm:grid-cols-2">
          {GROUPS.map(([name, keys]) => (
            <section key={name} aria-label={t(name)}>
              <h3 className="pb-1.5 font-medium text-sm">{t(name)}</h3>
              <dl className="space-y-1.5 text-sm">
                {keys.map(([key, what]) => (
                  <div key={key} className="flex items-baseline justify-between gap-4">
                    <dt className="flex gap-1">
                      {tName(key)
                        .split(" ")
                        .map((each) => (
                          <kbd key={each} className="rounded border bg-card px-1.5 font-sans text-xs">
                            {each}
                          </kbd>
                        ))}
                    </dt>
                    <dd className="text-right text-muted-foreground">{t(what)}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </DialogPanel>
    </Dialog>
  );
}
