// @vitest-environment jsdom
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { lazyPart, loadPart, PART_MISSING } from "./lazy";
import { useNotices } from "./notify";

const Hello = ({ name }: { name: string }) => <p>Hello {name}</p>;
let isGone: boolean;
let root: Root;

const load = vi.fn(async () => {
  if (isGone) throw new Error("Failed to load chunk /_next/static/chunks/x.js");
  return { default: Hello };
});

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  document.body.innerHTML = "<main></main>";
  root = createRoot(document.body.firstElementChild ?? expect.fail());
  useNotices.setState({ last: null });
  load.mockClear();
  isGone = false;
});

afterEach(() => act(() => root.unmount()));

it("shows the part once its code is there", async () => {
  const [Part] = lazyPart(load, { meanwhile: () => <p>…</p> });
  act(() => root.render(<Part name="jade" />));
  expect(document.body.textContent).toBe("…");
  await act(async () => {});
  expect(document.body.textContent).toBe("Hello jade");
});

it("says that the code cannot be had, and asks for it again when shown again", async () => {
  isGone = true;
  const onMissing = vi.fn();
  const [Part, prefetch] = lazyPart(load, { onMissing });
  prefetch();
  await act(async () => root.render(<Part name="jade" />));
  expect(document.body.textContent).toBe("");
  expect(useNotices.getState().last).toEqual({ kind: "error", text: PART_MISSING });
  expect(onMissing).toHaveBeenCalledExactlyOnceWith({ name: "jade" });
  isGone = false;
  await act(async () => root.render(null));
  await act(async () => root.render(<Part name="amber" />));
  expect(document.body.textContent).toBe("Hello amber");
});

it("tells people in a sentence where other code cannot be had", async () => {
  isGone = true;
  await expect(loadPart(load)).rejects.toThrow(PART_MISSING);
});
