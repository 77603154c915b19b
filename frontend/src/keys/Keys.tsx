"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "@/api/client";
import type { Key, NewKey, User } from "@/api/types";
import { Shell } from "@/components/Shell";
import { SignedIn } from "@/components/SignedIn";
import { t } from "@/i18n/t";
import { notify } from "@/lib/notify";
import { agoWords, dateWords } from "@/lib/words/dates";
import { FreshKey } from "./FreshKey";
import { KeyForm } from "./KeyForm";
import { Revoke } from "./Revoke";

const KEYS = ["keys"];

export function Keys() {
  return (
    <Shell title={t("Keys")} note={t("Use API keys to make pictures from your own programs.")}>
      <SignedIn>{(user) => <OwnKeys user={user} />}</SignedIn>
    </Shell>
  );
}

function OwnKeys({ user }: { user: User }) {
  const queries = useQueryClient();
  const [fresh, setFresh] = useState<NewKey | null>(null);
  const { data: keys, failureReason } = useQuery({
    queryKey: KEYS,
    queryFn: async ({ signal }) => (await answer(api.GET("/api/keys", { signal }))).keys,
  });

  const refresh = () => queries.invalidateQueries({ queryKey: KEYS });
  const { mutate: revoke } = useMutation({
    mutationFn: (key: Key) => answer(api.DELETE("/api/keys/{key_id}", { params: { path: { key_id: key.id } } })),
    onSuccess(_data, key) {
      if (fresh?.id === key.id) setFresh(null);
      notify("success", t("Key “{name}” revoked.", { name: key.name }));
    },
    onSettled: refresh,
  });

  return (
    <div className="space-y-6">
      {fresh && <FreshKey fresh={fresh} onDone={() => setFresh(null)} />}
      <KeyForm
        isOperator={user.is_operator}
        onMade={(key) => {
          setFresh(key);
          void refresh();
        }}
      />
      {!keys && (
        <p role="status" className="min-h-16 text-muted-foreground text-sm">
          {failureReason ? failureReason.message : ""}
        </p>
      )}
      {keys?.length === 0 && <p className="text-muted-foreground text-sm">{t("You have no keys.")}</p>}
      {keys && keys.length > 0 && (
        <ul aria-label={t("Your keys")} className="divide-y rounded-2xl border bg-card">
          {[...keys].reverse().map((key) => (
            <OneKey key={key.id} shown={key} onRevoke={() => revoke(key)} />
          ))}
        </ul>
      )}
    </div>
  );
}

function OneKey({ shown, onRevoke }: { shown: Key; onRevoke: () => void }) {
  const now_ms = Date.now();
  const hasExpired = shown.expires_at !== null && new Date(shown.expires_at).getTime() < now_ms;
  const facts = [
    t("made {when}", { when: agoWords(shown.created_at, now_ms) }),
    shown.last_used_at ? t("last used {when}", { when: agoWords(shown.last_used_at, now_ms) }) : t("never used"),
    shown.expires_at
      ? t(hasExpired ? "expired {date}" : "expires {date}", { date: dateWords(shown.expires_at) })
      : t("never expires"),
  ];
  return (
    <li className="flex items-center justify-between gap-4 px-5 py-4">
      <div className="min-w-0 space-y-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="break-all font-medium text-sm">{shown.name}</span>
          {shown.scopes.map((scope) => (
            <span key={scope} className="rounded-full bg-muted px-2 py-0.5 text-muted-foreground text-xs">
              {scope}
            </span>
          ))}
        </p>
        <p className={hasExpired ? "text-destructive text-xs" : "text-muted-foreground text-xs"}>{facts.join(" · ")}</p>
      </div>
      <Revoke name={shown.name} onRevoke={onRevoke} />
    </li>
  );
}
