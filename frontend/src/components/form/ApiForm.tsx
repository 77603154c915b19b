"use client";
import { useMutation } from "@tanstack/react-query";
import { CircleAlertIcon, LoaderCircleIcon } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { Refused } from "@/api/client";
import { Button } from "@/components/ui/button";
import { t } from "@/i18n/t";
import { useCountdown, whenWords } from "@/lib/words/countdown";
import { sentence } from "@/lib/words/sentence";

interface ApiFormProps {
  /** Accessible name. */
  label: string;
  /** Text of its button. */
  submit: string;
  variant?: "default" | "destructive";
  /** Sends the form. Throws Refused or Unreachable, which the form shows. */
  onSubmit: (data: FormData) => Promise<void>;
  /** Its fields; `problemOf` gives the reason why the server refuses one, by the API's name of the field. */
  children: (problemOf: (field: string) => string | null) => ReactNode;
}

/** A form that is sent to the API: shows that it is being sent, and why it was refused. */
export function ApiForm({ label, submit, variant = "default", onSubmit, children }: ApiFormProps) {
  const { mutate, isPending, error } = useMutation({ mutationFn: onSubmit, meta: { isReported: true } });
  // before the page's code has arrived the browser would send the form by itself
  const [isReady, setIsReady] = useState(false);
  useEffect(() => setIsReady(true), []);

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!isPending) mutate(new FormData(event.currentTarget));
  }

  const fields = error instanceof Refused ? error.fields : [];
  const problemOf = (name: string) => {
    const problem = fields.find(({ field }) => field === name);
    return problem
      ? sentence(problem.detail) + (problem.allowed ? ` ${t("Allowed: {what}", { what: problem.allowed })}.` : "")
      : null;
  };
  return (
    <form aria-label={label} onSubmit={send} className="space-y-4">
      {children(problemOf)}
      {error && <RefusalNote error={error} />}
      <Button type="submit" variant={variant} disabled={!isReady} aria-disabled={isPending}>
        {isPending && <LoaderCircleIcon aria-hidden className="animate-spin" />}
        {submit}
      </Button>
    </form>
  );
}

function RefusalNote({ error }: { error: Error }) {
  const wait_s = error instanceof Refused ? error.retryAfterS : null;
  const left_s = useCountdown(wait_s, error);
  const hasFields = error instanceof Refused && error.fields.length > 0;
  return (
    <div role="alert" className="flex items-start gap-3 rounded-2xl bg-destructive/10 px-4 py-3 text-sm">
      <CircleAlertIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-destructive" />
      <p className="min-w-0 break-words">
        {hasFields ? t("Please fix the fields above.") : sentence(error.message)}
        {left_s > 0 && (
          <span aria-hidden className="block text-muted-foreground tabular-nums">
            {t("Try again {when}.", { when: whenWords(left_s, Date.now()) })}
          </span>
        )}
      </p>
    </div>
  );
}
