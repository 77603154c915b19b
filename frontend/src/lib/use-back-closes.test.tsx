// @vitest-environment jsdom
import { act, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useBackCloses } from "./use-back-closes";

let root: Root;
let close: () => void;
const popped = () => new Promise((done) => window.addEventListener("popstate", done, { once: true }));

function Overlay({ onClose }: { onClose: () => void }) {
  useBackCloses(onClose);
  return "open";
}

function Page() {
  const [isOpen, setIsOpen] = useState(true);
  close = () => setIsOpen(false);
  return <main>{isOpen && <Overlay onClose={close} />}</main>;
}

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  document.body.innerHTML = "<div></div>";
  window.history.pushState("page", "", "/");
  root = createRoot(document.body.firstElementChild ?? expect.fail());
  act(() => root.render(<Page />));
});

afterEach(() => act(() => root.unmount()));

it("is closed by Back, on the same page", async () => {
  await act(async () => {
    const back = popped();
    window.history.back();
    await back;
  });
  expect([document.body.textContent, window.history.state]).toEqual(["", "page"]);
});

it("takes its entry with it when it is closed otherwise", async () => {
  const back = popped();
  act(close);
  await back;
  expect(document.body.textContent).toBe("");
  const length = window.history.length;
  window.history.pushState("next", "", "/");
  expect(window.history.length).toBe(length); // in the place of the entry that was left
});
