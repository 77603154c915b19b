"use client";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { answer, api } from "@/api/client";
import { useMe } from "@/api/session";
import type { OperatorUser } from "@/api/types";
import { notify } from "@/components/notify";
import { Button } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { wordsOf } from "@/lib/error-text";

const USERS = ["operator", "users"];

/** The accounts by e-mail; each can be switched off and on again. */
export function Users() {
  const users = useInfiniteQuery({
    queryKey: USERS,
    queryFn: ({ pageParam }) =>
      answer(api.GET("/api/operator/users", { params: { query: pageParam ? { cursor: pageParam } : {} } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const all = users.data?.pages.flatMap((page) => page.users) ?? [];
  return (
    <section aria-labelledby="users" className="space-y-5">
      <h2 id="users" className="sr-only">
        Users
      </h2>
      {users.failureReason && (
        <p role="alert" className="text-destructive text-sm">
          {wordsOf(users.failureReason)}
        </p>
      )}
      {all.length > 0 && (
        <ul aria-label="Users" className="divide-y rounded-3xl border bg-card">
          {all.map((user) => (
            <User key={user.id} user={user} />
          ))}
        </ul>
      )}
      {users.hasNextPage && (
        <Button variant="outline" aria-disabled={users.isFetching} onClick={() => void users.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  );
}

function User({ user }: { user: OperatorUser }) {
  const me = useMe().data?.user;
  const queries = useQueryClient();
  const opener = useRef<HTMLButtonElement>(null);
  const [asks, setAsks] = useState(false);
  const [isAsked, setIsAsked] = useState(false);
  const { pictures, gpu_s } = user.total;

  async function turn(what: "disable" | "enable") {
    setIsAsked(true);
    const params = { params: { path: { user_id: user.id } } };
    try {
      await answer(
        what === "disable"
          ? api.POST("/api/operator/users/{user_id}/disable", params)
          : api.POST("/api/operator/users/{user_id}/enable", params),
      );
      setAsks(false);
      await queries.invalidateQueries({ queryKey: USERS });
    } catch (error) {
      notify("error", wordsOf(error));
    } finally {
      setIsAsked(false);
    }
  }

  return (
    <li aria-label={user.email} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-5 py-3.5">
      <div className="min-w-0 space-y-0.5">
        <p className="flex flex-wrap items-center gap-2">
          <span className="break-all font-medium">{user.email}</span>
          {user.is_operator && (
            <span className="rounded-full bg-accent px-2 py-0.5 text-accent-foreground text-xs">Operator</span>
          )}
          {user.disabled && (
            <span className="rounded-full border px-2 py-0.5 text-destructive text-xs">Switched off</span>
          )}
        </p>
        <p className="text-muted-foreground text-sm tabular-nums">
          Since {new Date(user.created_at).toLocaleDateString("en-US", { dateStyle: "medium" })} ·{" "}
          {pictures === 1 ? "1 picture" : `${pictures.toLocaleString("en-US")} pictures`} in 30 days
          {gpu_s > 0 && `, ${Math.round(gpu_s)} s of the model`}
        </p>
      </div>
      {user.disabled ? (
        <Button variant="outline" size="sm" aria-disabled={isAsked} onClick={() => isAsked || void turn("enable")}>
          Switch on
        </Button>
      ) : (
        user.id !== me?.id && (
          <Button ref={opener} variant="ghost" size="sm" onClick={() => setAsks(true)}>
            Switch off<span className="sr-only"> {user.email}</span>
          </Button>
        )
      )}
      {asks && (
        <Dialog open onOpenChange={setAsks}>
          <DialogPanel
            title={`Switch off ${user.email}?`}
            description="Sessions and keys stop working at once. Accepted jobs are still made; nothing is deleted."
            opener={opener}
          >
            <div className="flex justify-end gap-2 pt-2">
              <Button variant="ghost" onClick={() => setAsks(false)}>
                Leave it on
              </Button>
              <Button variant="destructive" aria-disabled={isAsked} onClick={() => isAsked || void turn("disable")}>
                Switch off
              </Button>
            </div>
          </DialogPanel>
        </Dialog>
      )}
    </li>
  );
}
