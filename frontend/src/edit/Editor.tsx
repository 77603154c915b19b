"use client";
import { useMutation } from "@tanstack/react-query";
import { LoaderCircleIcon, XIcon } from "lucide-react";
import { Dialog } from "radix-ui";
import { type KeyboardEvent, useState } from "react";
import { useLoras, useOptions } from "@/api/catalog";
import { FormErrorNote } from "@/components/form/FormErrorNote";
import { Button } from "@/components/ui/button";
import { formErrorOf } from "@/domain/form-error";
import type { Picture } from "@/domain/picture";
import { t } from "@/i18n/t";
import { uploadAsset } from "@/jobs/assets";
import { useGenerate } from "@/jobs/requests";
import { percent } from "@/lib/words/quantities";
import { usePanZoom } from "@/pictures/zoom/pan-zoom";
import { Canvas } from "./Canvas";
import { commandOf, type Place } from "./keys";
import { pngOf } from "./mask/png";
import { Panel } from "./Panel";
import { type EditForm, editRequest, formOf } from "./request";
import { Toolbar } from "./Toolbar";
import { useEditor } from "./use-editor";

interface EditorProps {
  picture: Picture;
  onClose: () => void;
  /** The server has accepted the job. */
  onMade: () => void;
}

/** Paints over a part of a picture and has it made anew. Fills the window. */
export default function Editor({ picture, onClose, onMade }: EditorProps) {
  const options = useOptions().data;
  const loras = useLoras().data;
  const editor = useEditor(picture.output);
  const [stage, setStage] = useState<HTMLDivElement | null>(null);
  const panZoom = usePanZoom(stage, { isDrawing: () => editor.painting.isDrawing });
  const [form, setForm] = useState<EditForm>(() => formOf(picture, options));
  const isEmpty = editor.share === 0;
  const [isReminded, setIsReminded] = useState(false);

  const generate = useGenerate().mutateAsync;
  const { mutate, isPending, error } = useMutation({
    async mutationFn() {
      const mask = await uploadAsset(await pngOf(editor.painting.mask));
      await generate({ request: editRequest(picture, form, mask.asset_id, options, loras), isOfForm: false });
    },
    onSuccess: onMade,
    meta: { isReported: true },
  });

  function send() {
    setIsReminded(isEmpty);
    if (isEmpty) stage?.focus();
    else if (!isPending) mutate();
  }

  function onKeyDown(event: KeyboardEvent<HTMLElement>) {
    if (event.defaultPrevented) return;
    const command = commandOf(event, placeOf(event.target, stage));
    if (!command) return;
    event.preventDefault();
    if (editor.run(command)) return;
    if (command.kind === "zoom in") panZoom.zoomIn();
    if (command.kind === "zoom out") panZoom.zoomOut();
    if (command.kind === "zoom whole") panZoom.reset();
  }

  return (
    <Dialog.Root open onOpenChange={(isOpen) => isOpen || onClose()}>
      <Dialog.Portal>
        <Dialog.Content
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            document.querySelector<HTMLElement>("[role=application]")?.focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            document.querySelector<HTMLElement>(`[data-picture="${picture.output.id}"]`)?.focus();
          }}
          onKeyDown={onKeyDown}
          className="results-full fade-in-0 fixed inset-0 z-[1001] flex animate-in flex-col bg-background text-foreground outline-none side:flex-row"
        >
          <div className="flex min-h-0 min-w-0 flex-1 flex-col">
            <header className="flex items-center justify-between gap-2 py-1 pr-1 pl-4">
              <Dialog.Title className="font-semibold text-base">{t("Edit picture")}</Dialog.Title>
              <Dialog.Close asChild>
                <Button variant="ghost" size="icon" aria-label={t("Close")} className="size-11">
                  <XIcon aria-hidden />
                </Button>
              </Dialog.Close>
            </header>
            <div className="min-h-0 flex-1 px-3 py-1">
              <Canvas picture={picture} editor={editor} panZoom={panZoom} blur={form.blur} onStage={setStage} />
            </div>
            <p role="status" className="px-4 pt-1 text-center text-muted-foreground text-xs tabular-nums">
              {selected(editor.share)}
            </p>
            <Toolbar editor={editor} panZoom={panZoom} />
          </div>
          <form
            aria-label={t("The painted part")}
            onSubmit={(event) => {
              event.preventDefault();
              send();
            }}
            className="flex max-h-[36dvh] shrink-0 flex-col border-t bg-popover text-popover-foreground side:max-h-none side:w-80 low:w-64 side:border-t-0 side:border-l"
          >
            <div className="min-h-0 flex-1 overflow-y-auto px-4 py-4 side:px-5">
              <Panel form={form} onChange={(patch) => setForm((now) => ({ ...now, ...patch }))} options={options} />
            </div>
            <div className="space-y-3 border-t px-4 py-3 side:px-5">
              {isReminded && isEmpty && (
                <p role="alert" className="text-destructive text-sm">
                  {t("Paint over what should change first.")}
                </p>
              )}
              {error && <FormErrorNote error={formErrorOf(error)} onRetry={send} />}
              <Button type="submit" size="lg" className="w-full" aria-disabled={isPending}>
                {isPending && <LoaderCircleIcon aria-hidden className="animate-spin" />}
                {t("Generate")}
              </Button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** `12 % of the picture selected`. */
function selected(share: number): string {
  if (share === 0) return t("Nothing selected. Paint over what should change.");
  const rounded = Math.round(percent(share));
  return rounded === 0
    ? t("Less than 1 % of the picture selected")
    : t("{percent} % of the picture selected", { percent: rounded });
}

function placeOf(target: EventTarget, canvas: HTMLElement | null): Place {
  if (target === canvas) return "canvas";
  const isField =
    target instanceof HTMLElement && target.matches("textarea, select, input:not([type=checkbox], [type=radio])");
  return isField ? "field" : "elsewhere";
}
