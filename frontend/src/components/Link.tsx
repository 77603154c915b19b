"use client";
import NextLink from "next/link";
import { type ComponentProps, useReducer } from "react";

interface LinkProps extends Omit<ComponentProps<typeof NextLink>, "href" | "prefetch"> {
  /** A function if it depends on the address of this page: it is called again when the pointer or the focus reaches the link. */
  href: string | (() => string);
}

/** A link to a page of this site, without a reload: event streams and the query cache survive. The other page's code is
 * fetched when the pointer or the focus reaches the link, not before, so that the first load stays small. */
export function Link({ href, onPointerEnter, onFocus, ...props }: LinkProps) {
  const [numNeared, near] = useReducer((count: number) => count + 1, 0);
  return (
    <NextLink
      {...props}
      href={typeof href === "string" ? href : href()}
      prefetch={numNeared > 0 ? null : false}
      onPointerEnter={(event) => {
        near();
        onPointerEnter?.(event);
      }}
      onFocus={(event) => {
        near();
        onFocus?.(event);
      }}
    />
  );
}
