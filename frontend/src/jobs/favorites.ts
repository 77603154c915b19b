/** Favorites: the page shows the change immediately and takes it back if the server refuses it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import { patchFavorite, refetchFavorites } from "@/jobs/history/history-cache";
import { postChange } from "./other-windows";

interface Favorite {
  readonly id: string;
  readonly isFavorite: boolean;
}

export function useFavorite() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, isFavorite }: Favorite) => {
      const picture = { params: { path: { image_id: id } } };
      return answer(
        isFavorite
          ? api.PUT("/api/images/{image_id}/favorite", picture)
          : api.DELETE("/api/images/{image_id}/favorite", picture),
      );
    },
    onMutate: ({ id, isFavorite }) => patchFavorite(queries, id, isFavorite),
    onError: (_error, { id, isFavorite }) => patchFavorite(queries, id, !isFavorite),
    onSuccess(_data, change) {
      patchFavorite(queries, change.id, change.isFavorite); // a fetch that came between may have brought the old value
      if (change.isFavorite) void refetchFavorites(queries);
      postChange({ kind: "favorite", ...change });
    },
  }).mutate;
}
