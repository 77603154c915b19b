import { describe, expect, it } from "vitest";
import {
  dividerAfter,
  dividerAt,
  fitted,
  MAX_ZOOM,
  panned,
  pannedByKey,
  shareAt,
  transformOf,
  WHOLE,
  zoomed,
} from "./view";

const BOX = { left: 100, top: 50, width: 400, height: 200 };

describe("the divider", () => {
  it("follows the pointer and stays on the picture", () => {
    expect(dividerAt(300, BOX)).toBe(50);
    expect(dividerAt(200, BOX)).toBe(25);
    expect(dividerAt(0, BOX)).toBe(0);
    expect(dividerAt(900, BOX)).toBe(100);
    expect(dividerAt(10, { left: 0, width: 0 })).toBe(50);
  });

  it.each([
    ["ArrowLeft", 48],
    ["ArrowRight", 52],
    ["PageUp", 60],
    ["PageDown", 40],
    ["Home", 0],
    ["End", 100],
    ["Tab", null],
    ["a", null],
  ])("%s moves it from 50 to %s", (key, to) => expect(dividerAfter(key, 50)).toBe(to));

  it("stops at the ends", () => {
    expect(dividerAfter("ArrowLeft", 1)).toBe(0);
    expect(dividerAfter("PageUp", 95)).toBe(100);
  });
});

describe("the view", () => {
  it("zooms around the middle without a point", () =>
    expect(zoomed(WHOLE, 2, null, BOX)).toEqual({ zoom: 2, x: 0, y: 0 }));

  it("keeps what is under the pointer in place", () => {
    const point = { x: 200, y: 200 }; // a quarter from the left, three quarters down
    const view = zoomed(WHOLE, 2, point, BOX);
    const before = { x: -0.25, y: 0.25 };
    expect({ x: view.x + before.x * view.zoom, y: view.y + before.y * view.zoom }).toEqual(before);
  });

  it("finds the place of the picture under the pointer, at any zoom", () => {
    const point = { x: 200, y: 200 };
    expect(shareAt(WHOLE, point, BOX)).toEqual({ x: 0.25, y: 0.75 });
    expect(shareAt(zoomed(WHOLE, 3, point, BOX), point, BOX)).toEqual({ x: 0.25, y: 0.75 });
    expect(shareAt({ zoom: 2, x: 0.5, y: -0.5 }, { x: 300, y: 150 }, BOX)).toEqual({ x: 0.25, y: 0.75 });
    expect(shareAt(WHOLE, { x: 0, y: 50 }, BOX)).toEqual({ x: -0.25, y: 0 });
  });

  it("stays between whole and the largest zoom, and never shows past an edge", () => {
    expect(zoomed(WHOLE, 0.1, null, BOX)).toEqual(WHOLE);
    expect(zoomed(WHOLE, 1000, null, BOX).zoom).toBe(MAX_ZOOM);
    const corner = panned({ zoom: 2, x: 0, y: 0 }, 4000, -4000, BOX);
    expect(corner).toEqual({ zoom: 2, x: 0.5, y: -0.5 });
    expect(zoomed(corner, 0.5, null, BOX)).toEqual(WHOLE);
  });

  it("moves by shares of the frame", () => {
    expect(panned({ zoom: 4, x: 0, y: 0 }, 40, 20, BOX)).toEqual({ zoom: 4, x: 0.1, y: 0.1 });
    expect(panned(WHOLE, 40, 20, BOX)).toEqual(WHOLE);
    expect(pannedByKey({ zoom: 4, x: 0, y: 0 }, "ArrowRight")).toEqual({ zoom: 4, x: -0.1, y: 0 });
    expect(pannedByKey({ zoom: 4, x: 0, y: 0 }, "Tab")).toEqual({ zoom: 4, x: 0, y: 0 });
    expect(transformOf({ zoom: 2, x: 0.25, y: -0.5 })).toBe("translate(25%, -50%) scale(2)");
  });
});

it("fits a picture whole, enlarged no more than allowed", () => {
  expect(fitted({ width: 1024, height: 512 }, { width: 512, height: 512 })).toEqual({ width: 512, height: 256 });
  expect(fitted({ width: 256, height: 256 }, { width: 2000, height: 1500 }, 4)).toEqual({ width: 1024, height: 1024 });
});
