import { describe, expect, it } from "vitest";
import { brushLimits, commandOf, type Key, type Place } from "./keys";

function press(text: string, place: Place = "canvas") {
  const parts = text.split("+");
  const has = (name: string) => parts.includes(name);
  const pressed: Key = {
    key: parts.at(-1) ?? "",
    ctrlKey: has("Ctrl"),
    metaKey: has("Meta"),
    shiftKey: has("Shift"),
    altKey: has("Alt"),
  };
  return commandOf(pressed, place);
}

describe("the editor's keys", () => {
  it.each([
    ["Ctrl+z", "undo"],
    ["Meta+z", "undo"],
    ["Ctrl+Shift+Z", "redo"],
    ["Ctrl+y", "redo"],
    ["i", "invert"],
    ["Enter", "dot"],
  ])("%s: %s", (key, kind) => expect(press(key)).toEqual({ kind }));

  it("change tool and size", () => {
    expect(press("e", "elsewhere")).toEqual({ kind: "tool", tool: "eraser" });
    expect(press("B", "elsewhere")).toEqual({ kind: "tool", tool: "brush" });
    expect([press("["), press("]")]).toEqual([
      { kind: "grow", factor: 0.8 },
      { kind: "grow", factor: 1.25 },
    ]);
  });

  it("move the cursor on the canvas only", () => {
    expect(press("ArrowLeft")).toEqual({ kind: "move", dx: -0.5, dy: 0 });
    expect(press("Shift+ArrowDown")).toEqual({ kind: "move", dx: 0, dy: 2 });
    expect(press("ArrowLeft", "elsewhere")).toBeNull();
    expect(press("Enter", "elsewhere")).toBeNull();
  });

  it("leave a field's own keys to it", () => {
    for (const key of ["Ctrl+z", "b", "[", "ArrowLeft"]) expect(press(key, "field")).toBeNull();
  });

  it("leave the browser's keys to it", () => {
    for (const key of ["Ctrl+b", "Alt+e", "Tab", "Escape"]) expect(press(key)).toBeNull();
  });
});

it("bounds the brush by the picture", () => {
  expect(brushLimits({ width: 1024, height: 768 })).toEqual({ min: 8, max: 512 });
  expect(brushLimits({ width: 64, height: 64 })).toEqual({ min: 2, max: 32 });
});
