/** The way back to a page after logging in. */

/** `/login/` or `/register/` with a way back to this page: `/login/?next=/history/`. */
export function withWayBack(path: "/login/" | "/register/"): string {
  if (typeof window === "undefined") return path;
  const { pathname, search } = window.location;
  return `${path}?${new URLSearchParams({ next: pathname + search })}`;
}

/** Return a path of this site; null for the address of another site and for an empty text. */
export function sitePath(text: string): string | null {
  return /^\/(?![/\\])/.test(text) ? text : null;
}
