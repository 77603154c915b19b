"use client";
import NextLink from "next/link";
import { type ComponentProps, useReducer } from "react";

interface LinkProps extends Omit<ComponentProps<typeof NextLink>, "href" | "prefetch"> {
  /** A function where it depends on the address of this page: it is called again when the link is neared. */
  href: string | (() => string);
}

/** A link to a page of this site: what runs and what is loaded stays. The other page's code is fetched when the link is
 * neared, not before, so that the first load stays light. */
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
