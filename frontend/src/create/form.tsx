"use client";
/** The form's content: one request. The address is the place where it is kept. */
import { debounce, throttle, useQueryStates } from "nuqs";
import { createContext, type ReactNode, useContext, useLayoutEffect, useMemo, useRef, useState } from "react";
import { PARSERS } from "@/address/parsers";
import { addressOf, type Settings, settingsOfAddress } from "@/settings/settings";

interface FormActions {
  /** Changes some fields; `undefined` takes a field back to the server's default. */
  set(patch: Partial<Settings>): void;
  /** Changes everything: a dropped picture, "use these settings", an example. */
  replace(request: Settings): void;
  /** The content as it was rendered last. */
  current(): Settings;
  /** Writes the content to the address now: the page may be left before typing rests. Resolves when it is written. */
  write(): Promise<unknown>;
}

export const EMPTY: Settings = { prompt: "" };

/** Browsers allow about 100 changes of the address in 30 s, which is why typing waits a little. */
const WRITE_AFTER = { limitUrlUpdates: debounce(250) };
const WRITE_NOW = { limitUrlUpdates: throttle(0) };

const RequestContext = createContext<Settings>(EMPTY);
const ActionsContext = createContext<FormActions | null>(null);

export function FormProvider({ children }: { children: ReactNode }) {
  const [parts, setParts] = useQueryStates(PARSERS.create, WRITE_AFTER);
  const request = useMemo(() => settingsOfAddress(parts), [parts]);
  const latest = useRef(request);
  useLayoutEffect(() => {
    latest.current = request;
  }, [request]);
  const actions = useMemo<FormActions>(
    () => ({
      set: (patch) => setParts((now) => addressOf({ ...settingsOfAddress(now), ...patch }, Object.keys(patch))),
      replace: (next) => setParts(addressOf(next)),
      current: () => latest.current,
      write: () => setParts((now) => now, WRITE_NOW),
    }),
    [setParts],
  );
  return (
    <ActionsContext value={actions}>
      <RequestContext value={request}>{children}</RequestContext>
    </ActionsContext>
  );
}

/** A form of its own, which the address does not hold. */
export function LocalForm({ first, onChange, children }: LocalFormProps) {
  const [request, setRequest] = useState<Settings>(first);
  const latest = useRef(request);
  useLayoutEffect(() => {
    latest.current = request;
    onChange(request);
  }, [request, onChange]);
  const actions = useMemo<FormActions>(
    () => ({
      set: (patch) => setRequest((now) => ({ ...now, ...patch })),
      replace: setRequest,
      current: () => latest.current,
      write: async () => {},
    }),
    [],
  );
  return (
    <ActionsContext value={actions}>
      <RequestContext value={request}>{children}</RequestContext>
    </ActionsContext>
  );
}

interface LocalFormProps {
  first: Settings;
  /** The same function at each render. */
  onChange: (settings: Settings) => void;
  children: ReactNode;
}

/** The content and how to change it: renders again with every change. */
export function useForm(): FormActions & { request: Settings } {
  return { request: useContext(RequestContext), ...useFormActions() };
}

/** How to change the content: never renders again. */
export function useFormActions(): FormActions {
  const actions = useContext(ActionsContext);
  if (!actions) throw new Error("the form is used outside of FormProvider");
  return actions;
}
