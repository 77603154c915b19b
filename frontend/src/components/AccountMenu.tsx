"use client";
import { CircleUserRoundIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { API_URL } from "@/api/client";
import { followOtherWindows, logOut, thenBack, useMe } from "@/api/session";
import type { Me } from "@/api/types";
import { notify } from "./notify";
import { Opener } from "./PopoverTrigger";

const ITEM = "block w-full rounded-xl px-3 py-2 text-left text-sm hover:bg-muted focus-visible:bg-muted";

/** Who is logged in, and the pages that are theirs alone. */
export function AccountMenu() {
  const me = useMe().data;
  useEffect(followOtherWindows, []);
  return (
    <Opener
      label="Account menu"
      panelLabel="Account"
      className="grid size-9 place-items-center rounded-full transition-colors hover:bg-muted aria-expanded:bg-muted"
      face={
        me?.user ? (
          // the letter is no text: it is no part of the button's name
          <span
            data-letter={me.user.email.charAt(0)}
            className="grid size-7 place-items-center rounded-full bg-primary font-semibold text-primary-foreground text-xs uppercase before:content-[attr(data-letter)]"
          />
        ) : (
          <CircleUserRoundIcon aria-hidden className="size-5" />
        )
      }
    >
      <Menu me={me} />
    </Opener>
  );
}

/** `me` is undefined until the server has answered. */
function Menu({ me }: { me: Me | undefined }) {
  return (
    <>
      {me?.user && (
        <p className="break-words px-3 pt-1 pb-2 text-muted-foreground text-xs">
          Logged in as <span className="block font-medium text-foreground text-sm">{me.user.email}</span>
        </p>
      )}
      <ul>
        {me?.user ? (
          <>
            <Link to="/account/">Account</Link>
            <Link to="/keys/">Keys</Link>
            <Link to="/usage/">Usage</Link>
            {me.user.is_operator && <Link to="/operator/">Operator</Link>}
          </>
        ) : (
          <>
            <Link to={thenBack("/login/")}>Log in</Link>
            {me?.registration !== "closed" && <Link to={thenBack("/register/")}>Register</Link>}
            <Link to="/usage/">Usage</Link>
          </>
        )}
        <li aria-hidden className="mx-3 my-1.5 border-t" />
        <Link to={`${API_URL}/docs`}>API</Link>
        {me?.user && <LogOut />}
      </ul>
    </>
  );
}

function Link({ to, children }: { to: string; children: string }) {
  return (
    <li>
      <a href={to} className={ITEM}>
        {children}
      </a>
    </li>
  );
}

function LogOut() {
  const [isAsked, setIsAsked] = useState(false);

  async function leave() {
    setIsAsked(true);
    try {
      await logOut();
    } catch (error) {
      setIsAsked(false);
      notify("error", error instanceof Error ? error.message : String(error));
    }
  }

  return (
    <li>
      <button type="button" aria-disabled={isAsked} onClick={isAsked ? undefined : leave} className={ITEM}>
        Log out
      </button>
    </li>
  );
}
