"use client";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useLoras, useOptions } from "@/api/catalog";
import { Header } from "@/components/header/Header";
import { formErrorOf, NO_PROMPT } from "@/domain/form-error";
import { t } from "@/i18n/t";
import { useGenerate } from "@/jobs/requests";
import { loadPart } from "@/lib/lazy";
import { notify } from "@/lib/notify";
import { errorText } from "@/lib/words/error-text";
import { pictures } from "@/lib/words/quantities";
import type { Settings } from "@/settings/settings";
import { Composer } from "./composer/Composer";
import { Dock } from "./composer/Dock";
import { DemoBanner } from "./DemoBanner";
import { DropZone } from "./DropZone";
import { FormProvider, useFormActions } from "./form";
import { PictureButtons } from "./PictureButtons";
import { Results } from "./results/Results";
import { useStart } from "./start";
import { Welcome } from "./Welcome";
import { WorkerNotice } from "./WorkerNotice";

/** `Settings loaded: 1 picture, seed 7.` */
function loadedWords({ num_images, seed }: Settings): string {
  const parts = [num_images && pictures(num_images), seed != null && t("seed {seed}", { seed: String(seed) })].filter(
    Boolean,
  );
  return parts.length > 0 ? t("Settings loaded: {parts}.", { parts: parts.join(", ") }) : t("Settings loaded.");
}

/** The create page: prompt above, pictures below. */
export function Create() {
  return (
    <FormProvider>
      <Page />
    </FormProvider>
  );
}

function Page() {
  const form = useFormActions();
  const options = useOptions();
  const loras = useLoras();
  const box = useRef<HTMLTextAreaElement>(null);
  const { upload, isUploading } = useStart();
  const { mutate, reset, isPending, error, variables } = useGenerate();
  const [isPromptMissing, setIsPromptMissing] = useState(false);
  const refusal = useMemo(() => error && formErrorOf(error), [error]);

  // before the first key reaches React, which would take back the text that it does not know; it wins over the address
  useLayoutEffect(() => {
    const typed = box.current?.value;
    if (typed) form.set({ prompt: typed });
  }, [form]);

  function generate(request: Settings, isOfForm = false) {
    if (isPending) return;
    void form.write(); // a refusal may lead to another page and back
    const isMissing = request.prompt.trim() === "";
    setIsPromptMissing(isMissing);
    if (isMissing) box.current?.focus();
    else mutate({ request, isOfForm });
  }

  /** Sends the form's current content, or the refused request if it did not come from the form (a variation, for example). */
  function retry() {
    if (variables && !variables.isOfForm) generate(variables.request);
    else generate(form.current(), true);
  }

  /** The form before is an undo away, unless it was empty. */
  function use(settings: Settings) {
    const before = form.current();
    form.replace(settings);
    setIsPromptMissing(false);
    reset();
    window.scrollTo({ top: 0, behavior: "smooth" });
    box.current?.focus({ preventScroll: true });
    if (before.prompt.trim() !== "")
      notify("success", loadedWords(settings), { label: t("Undo"), run: () => form.replace(before) });
  }

  async function read(file: File) {
    try {
      const { readPicture } = await loadPart(() => import("@/settings/read-picture"));
      const { samplers = [], image_to_image } = options.data ?? {};
      const known = { samplers, upscalers: image_to_image?.upscalers ?? [], loras: loras.data ?? [] };
      use(await readPicture(file, known));
    } catch (failure) {
      const offer = { label: t("Use as start"), run: () => upload(file) };
      notify("error", errorText(failure), file.type.startsWith("image/") ? offer : undefined);
    }
  }

  return (
    <DropZone onRead={(file) => void read(file)} onStart={upload}>
      <Header />
      <main id="main" className="mx-auto w-full max-w-[112rem] space-y-5 px-4 pb-16 sm:px-6">
        <h1 className="sr-only">{t("Make pictures")}</h1>
        <Dock>
          <Composer
            box={box}
            isSending={isPending}
            error={isPromptMissing ? NO_PROMPT : refusal}
            onSubmit={() => generate(form.current(), true)}
            onRetry={retry}
            onEdit={() => setIsPromptMissing(false)}
          >
            <PictureButtons onRead={(file) => void read(file)} onStart={upload} isUploading={isUploading} />
          </Composer>
        </Dock>
        <WorkerNotice />
        <Results onUse={use} onGenerate={generate} empty={<Welcome onExample={use} />} />
        <DemoBanner />
      </main>
    </DropZone>
  );
}
