/** The visitor's collections of pictures. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { API_URL, answer, api } from "@/api/client";
import { COLLECTIONS, refetchCollection } from "@/jobs/history/history-cache";

/** Pictures of one call, by the API. */
const MAX_IDS = 500;

/** Newest first; undefined until loaded. */
export function useCollections() {
  return useQuery({
    queryKey: [COLLECTIONS, "all"],
    queryFn: async () => (await answer(api.GET("/api/collections"))).collections,
  }).data;
}

/** The ids of the pictures in a collection; undefined until loaded, and of no collection (""). */
export function useCollected(id: string): ReadonlySet<string> | undefined {
  return useQuery({
    queryKey: [COLLECTIONS, "pictures", id],
    queryFn: () => answer(api.GET("/api/collections/{collection_id}", path(id))),
    enabled: id !== "",
    select: toSet,
  }).data;
}

/** The ids of the collections that hold a picture. */
export function useHolding(imageId: string | undefined): ReadonlySet<string> | undefined {
  return useQuery({
    queryKey: [COLLECTIONS, "of", imageId],
    queryFn: () =>
      answer(api.GET("/api/images/{image_id}/collections", { params: { path: { image_id: imageId ?? "" } } })),
    enabled: imageId !== undefined,
    select: toSet,
  }).data;
}

export function useCreateCollection() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => answer(api.POST("/api/collections", { body: { name } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: [COLLECTIONS, "all"] }),
  });
}

export function useRenameCollection(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      answer(api.PATCH("/api/collections/{collection_id}", { ...path(id), body: { name } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: [COLLECTIONS, "all"] }),
  });
}

export function useDeleteCollection(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answer(api.DELETE("/api/collections/{collection_id}", path(id))),
    onSuccess: () => queries.invalidateQueries({ queryKey: [COLLECTIONS, "all"] }),
  });
}

interface Change {
  readonly id: string;
  readonly ids: readonly string[];
  /** False: they are taken out. */
  readonly isIn: boolean;
}

export function useCollect() {
  const queries = useQueryClient();
  return useMutation({
    async mutationFn({ id, ids, isIn }: Change) {
      for (let at = 0; at < ids.length; at += MAX_IDS) {
        const part = { ...path(id), body: { ids: ids.slice(at, at + MAX_IDS) } };
        await answer(
          isIn
            ? api.POST("/api/collections/{collection_id}/images", part)
            : api.POST("/api/collections/{collection_id}/images/remove", part),
        );
      }
    },
    onSettled: (_data, _error, { id }) => refetchCollection(queries, id),
  });
}

export function collectionZipAddress(id: string): string {
  return `${API_URL}/api/collections/${id}/zip`;
}

function path(id: string) {
  return { params: { path: { collection_id: id } } };
}

function toSet({ ids }: { ids: readonly string[] }): ReadonlySet<string> {
  return new Set(ids);
}
