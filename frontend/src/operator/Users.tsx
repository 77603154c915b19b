"use client";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useOptions } from "@/api/catalog";
import { answer, api } from "@/api/client";
import { useMe } from "@/api/session";
import type { OperatorUser } from "@/api/types";
import { ShowMore } from "@/components/ShowMore";
import { Button } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { type Column, Table } from "@/components/ui/table";
import { t, tNumber } from "@/i18n/t";
import { lazyPart } from "@/lib/lazy";
import { dateWords } from "@/lib/words/dates";
import { errorText } from "@/lib/words/error-text";
import { Exempt } from "./moderation/Exempt";

const USERS = ["operator", "users"];
const [ResetLink] = lazyPart(() => import("./ResetLink"), { onMissing: ({ onClose }) => onClose() });
const [Grant] = lazyPart(() => import("@/credit/Grant"), { onMissing: ({ onClose }) => onClose() });

const COLUMNS: readonly Column<OperatorUser>[] = [
  { name: "E-mail", cell: (user) => <Email user={user} />, isRowName: true, className: "max-md:col-span-2" },
  {
    name: "Since",
    cell: ({ created_at }) => <Named before={t("Since")}>{dateWords(created_at)}</Named>,
    className: "text-muted-foreground",
  },
  {
    name: "Pictures in 30 days",
    cell: ({ total }) => <Named after={t("pictures in 30 days")}>{tNumber(total.pictures)}</Named>,
    isRight: true,
  },
  {
    name: "Compute time",
    cell: ({ total }) => `${tNumber(Math.round(total.gpu_s))} s`,
    isRight: true,
    className: "text-muted-foreground max-md:hidden",
  },
  {
    name: "Access",
    cell: (user) => (
      <>
        <GrantButton user={user} />
        <ResetButton user={user} />
        <Access user={user} />
      </>
    ),
    isRight: true,
    className: "max-md:col-span-2",
  },
];
const MODERATED: readonly Column<OperatorUser>[] = [
  ...COLUMNS,
  { name: "Moderation", cell: (user) => <Exempt user={user} />, isRight: true, className: "max-md:col-span-2" },
];

/** The accounts by e-mail; each can be switched off and on again. */
export function Users() {
  const users = useInfiniteQuery({
    queryKey: USERS,
    queryFn: ({ pageParam }) =>
      answer(api.GET("/api/operator/users", { params: { query: pageParam ? { cursor: pageParam } : {} } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const isModerated = useOptions().data?.moderation !== undefined;
  const all = users.data?.pages.flatMap((page) => page.users) ?? [];
  return (
    <section aria-labelledby="users" className="space-y-5">
      <h2 id="users" className="sr-only">
        {t("Users")}
      </h2>
      {users.failureReason && (
        <p role="alert" className="text-destructive text-sm">
          {errorText(users.failureReason)}
        </p>
      )}
      {all.length > 0 && (
        <div className="overflow-hidden rounded-3xl border bg-card">
          <Table
            caption={t("Users")}
            columns={isModerated ? MODERATED : COLUMNS}
            rows={all}
            keyOf={({ id }) => id}
            className="w-full max-md:block"
            headClassName="max-md:sr-only [&_th]:px-5 [&_th]:py-3"
            bodyClassName="max-md:block"
            rowClassName="border-t max-md:grid max-md:grid-cols-[1fr_auto] max-md:gap-x-4 max-md:gap-y-1 max-md:px-5 max-md:py-3 md:[&>*]:px-5 md:[&>*]:py-3 md:[&>*]:h-14"
          />
        </div>
      )}
      <ShowMore list={users} />
    </section>
  );
}

/** What a phone shows next to a value: it has no headings. */
function Named({ before, after, children }: { before?: string; after?: string; children: string }) {
  const word = (text: string) => (
    <span aria-hidden className="md:hidden">
      {text}
    </span>
  );
  return (
    <>
      {before && word(`${before} `)}
      {children}
      {after && word(` ${after}`)}
    </>
  );
}

function Email({ user }: { user: OperatorUser }) {
  return (
    <span className="flex flex-wrap items-center gap-2">
      <span className="break-all font-medium">{user.email}</span>
      {user.is_operator && (
        <span className="rounded-full bg-accent px-2 py-0.5 text-accent-foreground text-xs">{t("Operator")}</span>
      )}
      {user.moderation_exempt && <span className="rounded-full border px-2 py-0.5 text-xs">{t("Not moderated")}</span>}
      {user.disabled && (
        <span className="rounded-full border px-2 py-0.5 text-destructive text-xs">{t("Disabled")}</span>
      )}
    </span>
  );
}

/** Absent where pictures cost nothing. */
function GrantButton({ user }: { user: OperatorUser }) {
  const credit = useMe().data?.credit;
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  if (!credit) return null;
  return (
    <>
      <Button
        ref={trigger}
        variant="ghost"
        size="sm"
        onClick={() => setIsOpen(true)}
        aria-label={t("Credit of {email}", { email: user.email })}
      >
        {t("Credit")}
      </Button>
      {isOpen && <Grant user={user} trigger={trigger} onClose={() => setIsOpen(false)} />}
    </>
  );
}

/** Where a user has forgotten the password: the server sends no mail. */
function ResetButton({ user }: { user: OperatorUser }) {
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        ref={trigger}
        variant="ghost"
        size="sm"
        onClick={() => setIsOpen(true)}
        aria-label={t("Reset link for {email}", { email: user.email })}
      >
        {t("Reset link")}
      </Button>
      {isOpen && <ResetLink user={user} trigger={trigger} onClose={() => setIsOpen(false)} />}
    </>
  );
}

/** Switches an account on, or off after a confirmation; absent for the operator's own account. */
function Access({ user }: { user: OperatorUser }) {
  const me = useMe().data?.user;
  const queries = useQueryClient();
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  const { mutate, isPending } = useMutation({
    mutationFn: (what: "disable" | "enable") => {
      const params = { params: { path: { user_id: user.id } } };
      return answer(
        what === "disable"
          ? api.POST("/api/operator/users/{user_id}/disable", params)
          : api.POST("/api/operator/users/{user_id}/enable", params),
      );
    },
    onSuccess() {
      setIsOpen(false);
      return queries.invalidateQueries({ queryKey: USERS });
    },
  });

  if (user.disabled) {
    return (
      <Button
        variant="outline"
        size="sm"
        aria-disabled={isPending}
        onClick={() => isPending || mutate("enable")}
        aria-label={t("Enable {email}", { email: user.email })}
      >
        {t("Enable")}
      </Button>
    );
  }
  if (user.id === me?.id) return null;
  return (
    <>
      <Button
        ref={trigger}
        variant="ghost"
        size="sm"
        onClick={() => setIsOpen(true)}
        aria-label={t("Disable {email}", { email: user.email })}
      >
        {t("Disable")}
      </Button>
      {isOpen && (
        <Dialog open onOpenChange={setIsOpen}>
          <DialogPanel
            title={t("Disable {email}?", { email: user.email })}
            description={t(
              "Sessions and keys stop working immediately. Jobs already queued will finish; nothing is deleted.",
            )}
            returnFocus={trigger}
          >
            <div className="flex justify-end gap-2 pt-2">
              <Button variant="ghost" onClick={() => setIsOpen(false)}>
                {t("Keep it")}
              </Button>
              <Button variant="destructive" aria-disabled={isPending} onClick={() => isPending || mutate("disable")}>
                {t("Disable")}
              </Button>
            </div>
          </DialogPanel>
        </Dialog>
      )}
    </>
  );
}
