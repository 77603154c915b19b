"use client";
import { ImageUpIcon } from "lucide-react";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useLoras, useOptions } from "@/api/catalog";
import { Header } from "@/components/Header";
import { Button } from "@/components/ui/button";
import { formErrorOf, NO_PROMPT } from "@/domain/form-error";
import { useGenerate } from "@/jobs/requests";
import { loadPart } from "@/lib/lazy";
import { notify } from "@/lib/notify";
import { errorText } from "@/lib/words/error-text";
import type { Settings } from "@/settings/settings";
import { Composer } from "./composer/Composer";
import { DemoBanner } from "./DemoBanner";
import { DropZone } from "./DropZone";
import { FormProvider, useFormActions } from "./form";
import { Results } from "./results/Results";
import { Welcome } from "./Welcome";

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
    form.write(); // a refusal may lead to another page and back
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

  function use(settings: Settings) {
    form.replace(settings);
    setIsPromptMissing(false);
    reset();
    window.scrollTo({ top: 0, behavior: "smooth" });
    box.current?.focus({ preventScroll: true });
  }

  async function read(file: File) {
    try {
      const { readPicture } = await loadPart(() => import("@/settings/read-picture"));
      use(await readPicture(file, { samplers: options.data?.samplers ?? [], loras: loras.data ?? [] }));
      notify("success", "The form holds this picture's settings.");
    } catch (failure) {
      notify("error", errorText(failure));
    }
  }

  return (
    <DropZone onPicture={(file) => void read(file)}>
      <Header />
      <main className="mx-auto w-full max-w-6xl space-y-8 px-4 pb-24 sm:px-6">
        <div className="mx-auto max-w-5xl space-y-4 pt-2 sm:pt-6">
          <h1 className="sr-only">Make pictures</h1>
          <DemoBanner />
          <Composer
            box={box}
            isSending={isPending}
            error={isPromptMissing ? NO_PROMPT : refusal}
            onSubmit={() => generate(form.current(), true)}
            onRetry={retry}
          />
          <ReadPicture onPicture={(file) => void read(file)} />
        </div>
        <Results onUse={use} onGenerate={generate} empty={<Welcome onExample={use} />} />
      </main>
    </DropZone>
  );
}

/** The drop's equal for keyboards and phones. */
function ReadPicture({ onPicture }: { onPicture: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="flex justify-center">
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        aria-label="Picture to read settings from"
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onPicture(file);
          event.target.value = "";
        }}
      />
      <Button
        variant="ghost"
        size="sm"
        className="font-normal text-muted-foreground"
        onClick={() => input.current?.click()}
      >
        <ImageUpIcon aria-hidden />
        Read a picture's settings
      </Button>
    </div>
  );
}
