/** Parts of the page whose code comes late, and may not come at all: the server can be gone, or have a newer page. */
import { type ComponentType, type ReactNode, useEffect, useReducer } from "react";
import { notify } from "./notify";

export const PART_MISSING = "This part of the page could not be loaded. Reload the page.";

interface LazyPartOptions<Props> {
  /** Shown until the code is there, and where it does not come. */
  meanwhile?: (props: Props) => ReactNode;
  /** Told where the code does not come: what can be closed is closed, and may be opened anew. */
  onMissing?: (props: Props) => void;
}

/** The code itself, for what is no component. Throws an Error with a sentence for people. */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch {
    throw new Error(PART_MISSING);
  }
}

/** A component that fetches its code when it is shown, and how to fetch that ahead. Each time it is mounted without its
 * code it asks for it again; a failure is a notice, never an error of the page. */
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
    // biome-ignore lint/correctness/useExhaustiveDependencies: asked once per mount, whatever the props become
    useEffect(() => {
      let isMounted = true;
      const missed = () => {
        if (!isMounted) return;
        notify("error", PART_MISSING);
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
