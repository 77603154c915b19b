"use client";
import { useOptions } from "@/api/catalog";
import type { GenerateRequest } from "@/api/types";
import { Button } from "@/components/ui/button";
import { DEMO_EXAMPLES, EXAMPLES } from "./examples";

/** Ways to begin, shown before the first picture. */
export function Welcome({ onExample }: { onExample: (request: GenerateRequest) => void }) {
  const options = useOptions().data;
  if (!options) return <div className="min-h-80" aria-hidden />;
  return (
    <section aria-labelledby="begin" className="space-y-5 pt-4">
      <h2 id="begin" className="font-medium text-muted-foreground text-sm">
        Nothing made yet. Begin with one of these, or drop a picture: to read its settings, or to start from it.
      </h2>
      {options.is_demo ? <Pictured onExample={onExample} /> : <Worded onExample={onExample} />}
    </section>
  );
}

function Pictured({ onExample }: { onExample: (request: GenerateRequest) => void }) {
  return (
    <ul aria-label="Examples" className="grid grid-cols-2 gap-3 sm:grid-cols-3 sm:gap-4">
      {DEMO_EXAMPLES.map(({ request, picture }) => (
        <li key={picture}>
          <button
            type="button"
            onClick={() => onExample(request)}
            className="group relative block aspect-square w-full overflow-hidden rounded-2xl bg-muted text-left"
          >
            <img
              src={picture}
              alt=""
              width={256}
              height={256}
              loading="lazy"
              decoding="async"
              className="size-full object-cover transition-transform duration-500 group-hover:scale-[1.03]"
            />
            <span className="absolute inset-x-0 bottom-0 bg-gradient-to-t from-black/80 via-black/50 to-transparent px-3 pt-10 pb-3 text-sm text-white sm:px-4">
              {request.prompt}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Worded({ onExample }: { onExample: (request: GenerateRequest) => void }) {
  return (
    <ul aria-label="Examples" className="flex flex-wrap gap-2">
      {EXAMPLES.map((request) => (
        <li key={request.prompt}>
          <Button variant="secondary" className="h-auto whitespace-normal py-2" onClick={() => onExample(request)}>
            {request.prompt}
          </Button>
        </li>
      ))}
    </ul>
  );
}
