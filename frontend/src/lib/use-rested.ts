"use client";
import { useEffect, useState } from "react";

const REST_MS = 300;

/** The text once it has not changed for a moment: for requests to the server about what is being typed. */
export function useRested(now: string): string {
  const [rested, setRested] = useState(now);
  useEffect(() => {
    const timer = setTimeout(() => setRested(now), REST_MS);
    return () => clearTimeout(timer);
  }, [now]);
  return rested;
}
