"use client";
import { useMutation } from "@tanstack/react-query";
import { withWayBack } from "@/address/way-back";
import { API_URL, answer, api } from "@/api/client";
import { changeUser } from "@/api/session";
import type { Me } from "@/api/types";
import { Link } from "@/components/Link";
import { LanguageChoice } from "@/i18n/LanguageChoice";
import { t } from "@/i18n/t";
import { forgetNotes } from "@/jobs/history/list-notes";
import { openShortcuts } from "./Shortcuts";

const ITEM = "block w-full rounded-xl px-3 py-2 text-left text-sm hover:bg-muted focus-visible:bg-muted";

/** The pages of an account, or the ways to one. `me` is undefined until loaded. */
export default function AccountPanel({ me, onDone }: { me: Me | undefined; onDone: () => void }) {
  const item = (href: string | (() => string), name: string) => (
    <li>
      <Link href={href} onClick={onDone} className={ITEM}>
        {name}
      </Link>
    </li>
  );
  return (
    <>
      {me?.user && (
        <p className="break-words px-3 pt-1 pb-2 text-muted-foreground text-xs">
          {t("Logged in as")} <span className="block font-medium text-foreground text-sm">{me.user.email}</span>
        </p>
      )}
      <ul>
        {item("/batches/", t("Batches"))}
        {me?.user ? (
          <>
            {item("/account/", t("Account"))}
            {item("/keys/", t("Keys"))}
            {item("/usage/", t("Usage"))}
            {me.user.is_operator && item("/operator/", t("Operator"))}
          </>
        ) : (
          <>
            {item(() => withWayBack("/login/"), t("Log in"))}
            {me?.registration !== "closed" && item(() => withWayBack("/register/"), t("Register"))}
            {item("/usage/", t("Usage"))}
          </>
        )}
        <li aria-hidden className="mx-3 my-1.5 border-t" />
        <li>
          <a href={`${API_URL}/docs`} className={ITEM}>
            API
          </a>
        </li>
        <li className="[@media(hover:none)]:hidden">
          <button
            type="button"
            onClick={() => {
              onDone();
              openShortcuts();
            }}
            className={ITEM}
          >
            {t("Keyboard shortcuts")}
          </button>
        </li>
        <li>
          <LanguageChoice />
        </li>
        {me?.user && <LogOut />}
      </ul>
    </>
  );
}

/** Leads to the create page as a visitor; what this browser notes of the user's list is forgotten. */
function LogOut() {
  const { mutate, isPending, isSuccess } = useMutation({
    mutationFn: () => answer(api.POST("/api/auth/logout")),
    onSuccess() {
      forgetNotes();
      changeUser("/");
    },
  });
  const isBusy = isPending || isSuccess; // until the page is loaded anew
  return (
    <li>
      <button type="button" aria-disabled={isBusy} onClick={() => isBusy || mutate()} className={ITEM}>
        {t("Log out")}
      </button>
    </li>
  );
}
