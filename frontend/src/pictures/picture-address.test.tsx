// @vitest-environment jsdom
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  closePicture,
  leavePicture,
  openPicture,
  pictureIn,
  useOpenPicture,
  usePictureAddress,
  withPicture,
} from "./picture-address";

let root: Root;
const shown = () => useOpenPicture.getState().id;
const popped = () => new Promise((done) => window.addEventListener("popstate", done, { once: true }));

function Page() {
  usePictureAddress();
  return null;
}

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  window.history.replaceState(null, "", "/?prompt=red%20dress");
  root = createRoot(document.createElement("div"));
  act(() => root.render(<Page />));
});

afterEach(() => act(() => root.unmount()));

it.each([
  ["/", "a-1", "/?picture=a-1"],
  ["/?prompt=x+y&n=2#top", "a-1", "/?prompt=x+y&n=2&picture=a-1#top"],
  ["/?picture=a-1&n=2", "b-2", "/?n=2&picture=b-2"],
  ["/?picture=a-1", null, "/"],
])("%s with %s is %s", (address, id, expected) => expect(withPicture(address, id)).toBe(expected));

it("reads the address", () => {
  expect([pictureIn("?n=2&picture=a-1"), pictureIn("?picture="), pictureIn("")]).toEqual(["a-1", null, null]);
});

describe("an open picture", () => {
  it("is closed by Back, which stays on the page", async () => {
    openPicture("a-1");
    openPicture("a-2");
    expect(window.location.search).toBe("?prompt=red%20dress&picture=a-2");
    const back = popped();
    window.history.back();
    await back;
    expect([shown(), window.location.search]).toEqual([null, "?prompt=red%20dress"]);
  });

  it("leaves no entry behind when it is closed", async () => {
    openPicture("a-1");
    const back = popped();
    closePicture();
    await back;
    expect([shown(), window.location.search]).toEqual([null, "?prompt=red%20dress"]);
  });

  it("is left without a way back, for what follows", () => {
    openPicture("a-1");
    leavePicture();
    expect([shown(), window.location.search]).toEqual([null, "?prompt=red%20dress"]);
  });

  it("is opened by its address, and closed without leaving the page", () => {
    act(() => root.unmount());
    window.history.replaceState(null, "", "/?picture=a-1");
    root = createRoot(document.createElement("div"));
    act(() => root.render(<Page />));
    expect(shown()).toBe("a-1");
    closePicture();
    expect([shown(), window.location.search]).toEqual([null, ""]);
  });
});
