"use client";
import { CircleAlertIcon, LoaderCircleIcon } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { Refused } from "@/api/client";
import { Button } from "@/components/ui/button";
import { useCountdown, whenWords } from "@/lib/countdown";
import { sentence } from "@/lib/sentence";

interface AskFormProps {
  /** Accessible name. */
  label: string;
  /** What its button says. */
  submit: string;
  variant?: "default" | "destructive";
  /** Throws Refused or Unreachable, which is told in the form. */
  onSubmit: (data: FormData) => Promise<void>;
  /** Its fields; `problemOf` tells what the server says is wrong with one, by the API's name of it. */
  children: (problemOf: (field: string) => string | null) => ReactNode;
}

/** A form whose answer comes from the API: says that it is sent, and what was refused and why. */
export function AskForm({ label, submit, variant = "default", onSubmit, children }: AskFormProps) {
  const [isSending, setIsSending] = useState(false);
  const [trouble, setTrouble] = useState<Error | null>(null);
  // before the page's code has arrived the browser would send the form by itself
  const [isReady, setIsReady] = useState(false);
  useEffect(() => setIsReady(true), []);

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isSending) return;
    setIsSending(true);
    setTrouble(null);
    const form = event.currentTarget;
    try {
      await onSubmit(new FormData(form));
    } catch (error) {
      setTrouble(error instanceof Error ? error : new Error(String(error)));
    } finally {
      setIsSending(false);
    }
  }

  const fields = trouble instanceof Refused ? trouble.fields : [];
  const problemOf = (name: string) => {
    const found = fields.find(({ field }) => field === name);
    return found ? sentence(found.detail) + (found.allowed ? ` Allowed: ${found.allowed}.` : "") : null;
  };
  return (
    <form aria-label={label} onSubmit={send} className="space-y-4">
      {children(problemOf)}
      {trouble && <FormTrouble trouble={trouble} />}
      <Button type="submit" variant={variant} disabled={!isReady} aria-disabled={isSending}>
        {isSending && <LoaderCircleIcon aria-hidden className="animate-spin" />}
        {submit}
      </Button>
    </form>
  );
}

function FormTrouble({ trouble }: { trouble: Error }) {
  const wait_s = trouble instanceof Refused ? trouble.retryAfterS : null;
  const left_s = useCountdown(wait_s, trouble);
  const hasFields = trouble instanceof Refused && trouble.fields.length > 0;
  return (
    <div role="alert" className="flex items-start gap-3 rounded-2xl bg-destructive/10 px-4 py-3 text-sm">
      <CircleAlertIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-destructive" />
      <p className="min-w-0 break-words">
        {hasFields ? "This cannot be used as it is: see above." : sentence(trouble.message)}
        {left_s > 0 && (
          <span aria-hidden className="block text-muted-foreground tabular-nums">
            Again {whenWords(left_s, Date.now())}.
          </span>
        )}
      </p>
    </div>
  );
}
