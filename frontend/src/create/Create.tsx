"use client";
import { ImageUpIcon } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { askOptions, useLoras, useOptions } from "@/api/catalog";
import type { GenerateRequest } from "@/api/types";
import { Header } from "@/components/Header";
import { loadPart } from "@/components/lazy";
import { notify } from "@/components/notify";
import { Button } from "@/components/ui/button";
import { useJobs } from "@/jobs/store";
import { Results } from "@/create/results/Results";
import { Composer } from "@/create/composer/Composer";
import { DemoBanner } from "./DemoBanner";
import { DropZone } from "./DropZone";
import { EMPTY, keepInAddress, useForm, writeAddress } from "./form";
import { NO_PROMPT, type Trouble, troubleOf } from "@/lib/form-error";
import { sizeOf } from "@/settings/shapes";
import { Welcome } from "./Welcome";

/** The create page: prompt above, pictures below. */
export function Create() {
  const options = useOptions();
  const loras = useLoras();
  const box = useRef<HTMLTextAreaElement>(null);
  const [isSending, setIsSending] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  /** What was refused, where it did not come from the form. */
  const [refused, setRefused] = useState<GenerateRequest | null>(null);

  // a layout effect: before the first key reaches React, which takes back what it does not know of yet
  useLayoutEffect(() => keepInAddress(box.current?.value ?? ""), []);
  useEffect(() => useJobs.getState().restore(), []);

  async function generate(request: GenerateRequest, isOfForm = false) {
    if (isSending) return;
    setRefused(isOfForm ? null : request);
    if (request.prompt.trim() === "") {
      setTrouble(NO_PROMPT);
      box.current?.focus();
      return;
    }
    setIsSending(true);
    try {
      const known = options.data ?? (await askOptions());
      await useJobs.getState().generate(request, sizeOf(request, known));
      setTrouble(null);
    } catch (error) {
      setTrouble(troubleOf(error));
    } finally {
      setIsSending(false);
    }
  }

  function submit() {
    const { request } = useForm.getState();
    writeAddress(request);
    void generate(request, true);
  }

  /** What the form holds by now, or what was refused elsewhere: a variation, say. */
  function retry() {
    if (refused) void generate(refused);
    else submit();
  }

  function use(request: GenerateRequest) {
    useForm.getState().replace(request);
    setTrouble(null);
    window.scrollTo({ top: 0, behavior: "smooth" });
    box.current?.focus({ preventScroll: true });
  }

  async function read(file: File) {
    try {
      const { readPicture } = await loadPart(() => import("@/settings/read-picture"));
      use({ ...EMPTY, ...(await readPicture(file, options.data?.samplers, loras.data)) });
      notify("success", "The form holds this picture's settings.");
    } catch (error) {
      notify("error", error instanceof Error ? error.message : String(error));
    }
  }

  return (
    <DropZone onPicture={(file) => void read(file)}>
      <Header />
      <main className="mx-auto w-full max-w-6xl space-y-8 px-4 pb-24 sm:px-6">
        <div className="mx-auto max-w-5xl space-y-4 pt-2 sm:pt-6">
          <h1 className="sr-only">Make pictures</h1>
          <DemoBanner />
          <Composer box={box} isSending={isSending} trouble={trouble} onSubmit={submit} onRetry={retry} />
          <ReadPicture onPicture={(file) => void read(file)} />
        </div>
        <Results onUse={use} onGenerate={(request) => void generate(request)} empty={<Welcome onExample={use} />} />
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
