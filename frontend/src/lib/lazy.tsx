/** Parts of the page whose code is fetched later, which can fail: the server may be unreachable, or have a newer page. */

import { type ComponentType, type ReactNode, useEffect, useReducer } from "react";
import { t } from "@/i18n/t";
import { notify } from "./notify";

export const PART_MISSING = "This part of the page could not be loaded. Reload the page.";

interface LazyPartOptions<Props> {
  /** Shown until the code is loaded, and if it cannot be loaded. */
  meanwhile?: (props: Props) => ReactNode;
  /** Called if the code cannot be loaded: closes what can be closed, so that it may be opened again. */
  onMissing?: (props: Props) => void;
}

/** Loads code that is not a component. Throws an Error with a sentence for people. */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch {
    throw new Error(t(PART_MISSING));
  }
}

/** A component that fetches its code when it is shown, and a function that fetches the code ahead. Each mount without the code
 * fetches it again; a failure is a notice, never an error of the page. */
export function lazyPart<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
  { meanwhile = () => null, onMissing = () => {} }: LazyPartOptions<Props> = {},
): [ComponentType<Props>, () => void] {
  let Loaded: ComponentType<Props> | undefined;

  async function fetchPart() {
    Loaded ??= (await load()).default;
  }

  function Part(props: Props) {
    const [, showLoaded] = useReducer((count: number) => count + 1, 0);
    // biome-ignore lint/correctness/useExhaustiveDependencies: fetched once per mount, whatever the props become
    useEffect(() => {
      let isMounted = true;
      const missed = () => {
        if (!isMounted) return;
        notify("error", t(PART_MISSING));
        onMissing(props);
      };
      if (!Loaded) fetchPart().then(() => isMounted && showLoaded(), missed);
      return () => {
        isMounted = false;
      };
    }, []);
    return Loaded ? <Loaded {...props} /> : meanwhile(props);
  }

  return [Part, () => void fetchPart().catch(() => {})];
}
