"use client";
import { useLoras, useOptions } from "@/api/catalog";
import type { GenerateRequest } from "@/api/types";
import { t } from "@/i18n/t";
import { lazyPart } from "@/lib/lazy";
import { DEMO_EXAMPLES } from "./examples";

const [RealWelcome] = lazyPart(() => import("./RealWelcome"), {
  meanwhile: () => <div className="min-h-60" aria-hidden />,
});

/** Ways to begin, shown before the first picture. */
export function Welcome({ onExample }: { onExample: (request: GenerateRequest) => void }) {
  const options = useOptions().data;
  const loras = useLoras();
  const isMoving = loras.isPending && !loras.failureReason; // the words of the LoRA will come above
  if (!options || isMoving) return <div className="min-h-80" aria-hidden />;
  return (
    <section aria-labelledby="begin" className="space-y-5 pt-4">
      <h2 id="begin" className="font-medium text-muted-foreground text-sm">
        {t("Try one of these.")}
      </h2>
      {options.is_demo ? <Pictured onExample={onExample} /> : <RealWelcome onExample={onExample} />}
    </section>
  );
}

function Pictured({ onExample }: { onExample: (request: GenerateRequest) => void }) {
  return (
    <ul aria-label={t("Examples")} className="grid grid-cols-3 gap-2 sm:gap-3 lg:grid-cols-6">
      {DEMO_EXAMPLES.map(({ request, picture }, at) => (
        <li key={picture}>
          <button
            type="button"
            onClick={() => onExample(request)}
            className="group block w-full space-y-1.5 rounded-xl text-left"
          >
            <img
              src={picture}
              alt=""
              width={256}
              height={256}
              fetchPriority={at < 2 ? "high" : undefined}
              className="aspect-square w-full rounded-xl bg-muted object-cover transition-opacity group-hover:opacity-85"
            />
            <span className="line-clamp-2 text-muted-foreground text-xs group-hover:text-foreground">
              {request.prompt}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
