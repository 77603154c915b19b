import { useRef } from "react";
import { shallow } from "zustand/shallow";

/** The list of the render before, as long as it holds the same items: what depends on it need not render again. */
export function useStable<T>(list: readonly T[]): readonly T[] {
  const stable = useRef(list);
  if (!shallow(stable.current, list)) stable.current = list;
  return stable.current;
}
