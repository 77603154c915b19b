/** Single pictures of the visitor, by id: those of the cached jobs, others fetched once. */

import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { API_URL, answer, api, Refused } from "@/api/client";
import type { Asset, GenerateRequest } from "@/api/types";
import { jobOfHistory } from "@/domain/job";
import { findPicture, type Picture } from "@/domain/picture";
import { t } from "@/i18n/t";
import { cachedJobs, pictureKey } from "@/jobs/history/history-cache";
import type { Size } from "@/settings/shapes";

type Init = NonNullable<GenerateRequest["init"]>;

/** The picture that a job starts from. */
export interface StartImage extends Size {
  /** Address of the picture, or of a smaller one. */
  readonly src: string;
}

const TIMEOUT_MS = 15_000;

/** Undefined until it is found; null if there is none (any more), or `id` is null. */
export function usePicture(id: string | null): Picture | null | undefined {
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: pictureKey(id ?? ""),
    queryFn: () => findOrFetch(queries, id ?? ""),
    enabled: id !== null,
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
  return id === null ? null : data;
}

/** The picture that a request starts from. Undefined until it is loaded; null if it is gone. */
export function useStartImage(init: Init | null | undefined): StartImage | null | undefined {
  const queries = useQueryClient();
  const id = init?.from_image ?? init?.asset_id ?? null;
  const { data, error } = useQuery({
    queryKey: startKey(id ?? ""),
    queryFn: () => startImage(queries, init ?? {}),
    enabled: id !== null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return id === null || error ? null : data;
}

/** The size of the picture that a request starts from; null if it starts from none, or its size cannot be found. */
export async function startSize(queries: QueryClient, { init }: GenerateRequest): Promise<Size | null> {
  const id = init?.from_image ?? init?.asset_id;
  if (!init || !id) return null;
  const staleTime = Number.POSITIVE_INFINITY;
  const queryFn = () => startImage(queries, init);
  return queries.fetchQuery({ queryKey: startKey(id), queryFn, staleTime, retry: false }).catch(() => null);
}

/** The picture that was just sent: it need not be loaded to be measured. */
export function noteStart(queries: QueryClient, { asset_id, width, height }: Asset): void {
  queries.setQueryData<StartImage>(startKey(asset_id), { src: assetAddress(asset_id), width, height });
}

function assetAddress(id: string): string {
  return `${API_URL}/api/assets/${id}`;
}

function startKey(id: string) {
  return ["start", id] as const;
}

async function startImage(queries: QueryClient, { from_image, asset_id }: Init): Promise<StartImage | null> {
  if (!from_image) return measured(assetAddress(asset_id ?? ""));
  const found = await findOrFetch(queries, from_image);
  return found && { src: found.output.thumbnail_url, width: found.output.width, height: found.output.height };
}

async function findOrFetch(queries: QueryClient, id: string): Promise<Picture | null> {
  const known = findPicture(cachedJobs(queries), id);
  if (known) return known;
  try {
    const path = { params: { path: { image_id: id } }, signal: AbortSignal.timeout(TIMEOUT_MS) };
    const { image, job_id, created_at, metadata } = await answer(api.GET("/api/images/{image_id}", path));
    const images_total = metadata.num_images;
    const item = { job_id, created_at, metadata, images: [image], images_total, status: "completed" as const };
    return { job: jobOfHistory(item), output: image };
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

/** Rejects if the picture cannot be loaded. */
function measured(src: string): Promise<StartImage> {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve({ src, width: image.naturalWidth, height: image.naturalHeight });
    image.onerror = () => reject(new Error(t("Couldn't load this picture.")));
    image.src = src;
  });
}
