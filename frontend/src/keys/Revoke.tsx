"use client";
import { Button } from "@/components/ui/button";
import { Dialog, DialogClose, DialogPanel, DialogTrigger } from "@/components/ui/dialog";
import { t } from "@/i18n/t";

/** Revokes a key, after a question. */
export function Revoke({ name, onRevoke }: { name: string; onRevoke: () => void }) {
  return (
    <Dialog>
      <DialogTrigger asChild>
        <Button variant="secondary" size="sm" aria-label={t("Revoke {name}", { name })}>
          {t("Revoke")}
        </Button>
      </DialogTrigger>
      <DialogPanel
        title={t("Revoke {name}?", { name })}
        description={t("Programs that use it are refused from now on. What was made with it stays in your history.")}
      >
        <div className="flex justify-end gap-2 pt-2">
          <DialogClose asChild>
            <Button variant="ghost">{t("Keep it")}</Button>
          </DialogClose>
          <DialogClose asChild>
            <Button variant="destructive" onClick={onRevoke}>
              {t("Revoke the key")}
            </Button>
          </DialogClose>
        </div>
      </DialogPanel>
    </Dialog>
  );
}
