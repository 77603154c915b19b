/** The open picture in the address, `?picture=<id>`: Back closes it, and the address shows it again. */
import { useEffect } from "react";
import { create } from "zustand";

const KEY = "picture";

/** The id of the picture that an address opens; null: of none. */
export function pictureIn(search: string): string | null {
  return new URLSearchParams(search).get(KEY) || null;
}

/** The address with this picture; null: with none. All else stays as it is written. */
export function withPicture(address: string, id: string | null): string {
  const [, path = "", search = "", hash = ""] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(address) ?? [];
  const others = search.split("&").filter((part) => part !== "" && !part.startsWith(`${KEY}=`));
  const all = id === null ? others : [...others, `${KEY}=${encodeURIComponent(id)}`];
  return `${path}${all.length > 0 ? `?${all.join("&")}` : ""}${hash}`;
}

interface OpenPicture {
  /** Null: none is open. */
  readonly id: string | null;
  /** True if this page has made the entry of the browser's history that holds the picture. */
  readonly isOwnEntry: boolean;
}

export const useOpenPicture = create<OpenPicture>()(() => ({ id: null, isOwnEntry: false }));

/** Opens a picture with an entry of its own in the browser's history, or turns the open one to it. */
export function openPicture(id: string): void {
  const { id: before, isOwnEntry } = useOpenPicture.getState();
  const address = withPicture(window.location.href, id);
  if (before === null) window.history.pushState(window.history.state, "", address);
  else window.history.replaceState(window.history.state, "", address);
  useOpenPicture.setState({ id, isOwnEntry: before === null || isOwnEntry });
}

/** Closes the picture as Back does. */
export function closePicture(): void {
  const { id, isOwnEntry } = useOpenPicture.getState();
  if (id === null) return;
  if (!isOwnEntry) {
    leavePicture();
    return;
  }
  useOpenPicture.setState({ id: null, isOwnEntry: false });
  window.history.back();
}

/** Closes the picture for something that follows immediately and may change the address itself. */
export function leavePicture(): void {
  if (useOpenPicture.getState().id === null) return;
  window.history.replaceState(window.history.state, "", withPicture(window.location.href, null));
  useOpenPicture.setState({ id: null, isOwnEntry: false });
}

/** Follows the address while a page that shows pictures is there. */
export function usePictureAddress(): void {
  useEffect(() => {
    const follow = () => useOpenPicture.setState({ id: pictureIn(window.location.search), isOwnEntry: false });
    follow();
    window.addEventListener("popstate", follow);
    return () => {
      window.removeEventListener("popstate", follow);
      useOpenPicture.setState({ id: null, isOwnEntry: false }); // another page has another address
    };
  }, []);
}
