// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Filter } from "@/jobs/history/history-cache";
import { Filters } from "./Filters";

let root: Root;
let filter: Filter;

function Page() {
  const [now, setNow] = useState<Filter>({ q: "", lora: "", favorites: false, collection: "" });
  filter = now;
  return <Filters filter={now} onChange={(change) => setNow((before) => ({ ...before, ...change }))} />;
}

function type(text: string) {
  const box = document.querySelector("input") ?? expect.fail();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  document.body.innerHTML = "<main></main>";
  root = createRoot(document.body.firstElementChild ?? expect.fail());
  const queries = new QueryClient();
  queries.setQueryData(["loras"], { loras: [], rejected: [] });
  act(() =>
    root.render(
      <QueryClientProvider client={queries}>
        <Page />
      </QueryClientProvider>,
    ),
  );
});

afterEach(() => {
  act(() => root.unmount());
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("keeps a click while a search waits for the typing to rest", async () => {
  act(() => type("red"));
  await act(() => vi.advanceTimersByTimeAsync(100));
  act(() => document.querySelector<HTMLElement>("button[aria-pressed]")?.click());
  await act(() => vi.advanceTimersByTimeAsync(1_000));
  expect(filter).toEqual({ q: "red", lora: "", favorites: true, collection: "" });
});
