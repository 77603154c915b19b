/** Actions on pictures of the history that lead to another page. */
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { createAddress } from "@/address/links";
import { answer, api } from "@/api/client";
import type { LoraOption, Options } from "@/api/types";
import { promptOf } from "@/domain/job";
import { type Picture, settingsOf, startSettings } from "@/domain/picture";
import { useAgain } from "@/jobs/requests";

/** Makes a picture's whole job once more and leads to the create page, where the new pictures appear. */
export function useMakeAgain() {
  const router = useRouter();
  const { mutate } = useAgain();
  return ({ job }: Picture, seed: "same" | "new") => mutate({ job, seed }, { onSuccess: () => router.push("/") });
}

/** The create page with the settings of this picture in its form. */
export function formAddress(picture: Picture, options: Options | undefined, loras?: readonly LoraOption[]): string {
  return createAddress(settingsOf(picture, options, loras));
}

/** The create page with this picture's prompt alone. */
export function promptAddress({ job }: Picture): string {
  return createAddress({ prompt: promptOf(job) });
}

/** The create page with this picture to start from, and its own settings. */
export function startAddress(picture: Picture, options: Options | undefined, loras?: readonly LoraOption[]): string {
  return createAddress(startSettings(picture, options, loras));
}

/** Saves pictures as one zip. */
export function useZip() {
  return useMutation({
    mutationFn: async (ids: readonly string[]) => {
      const zip = await answer(api.POST("/api/images/zip", { body: { ids: [...ids] }, parseAs: "blob" }));
      save(zip as unknown as Blob, `pictures-${new Date().toISOString().slice(0, 10)}.zip`);
    },
  });
}

function save(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
