import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

type StreamRoom = typeof import("./stream-slots");

/** What `navigator.locks` of all windows together does with `ifAvailable`. */
class Locks {
  readonly held = new Set<string>();

  async request<T>(name: string, options: LockOptions, use: (lock: Lock | null) => Promise<T>): Promise<T> {
    expect(options).toEqual({ ifAvailable: true });
    if (this.held.has(name)) return use(null);
    this.held.add(name);
    try {
      return await use({ name, mode: "exclusive" });
    } finally {
      this.held.delete(name);
    }
  }
}

async function newWindow(): Promise<StreamRoom> {
  vi.resetModules();
  return import("./stream-slots");
}

const nobody = () => {};

afterEach(() => vi.unstubAllGlobals());

describe("where there are locks", () => {
  let locks: Locks;

  beforeEach(() => {
    locks = new Locks();
    vi.stubGlobal("navigator", { locks });
  });

  it("has four places for all windows together", async () => {
    const [one, other] = [await newWindow(), await newWindow()];
    const leaves = [];
    for (const room of [one, other, one, other]) leaves.push(await room.enterStreamRoom(nobody));
    expect([...locks.held].sort()).toEqual([0, 1, 2, 3].map((at) => `lora-studio:stream-${at}`));
    expect(await one.enterStreamRoom(nobody)).toBeNull();
    leaves[1]?.();
    await vi.waitFor(() => expect(locks.held.size).toBe(3));
    expect(await one.enterStreamRoom(nobody)).not.toBeNull();
  });

  it("calls who waits in this window once the place is free", async () => {
    const room = await newWindow();
    const leaves = [];
    for (let at = 0; at < room.MAX_SHARED_STREAMS; at += 1) leaves.push(await room.enterStreamRoom(nobody));
    const numHeld: number[] = [];
    expect(await room.enterStreamRoom(() => numHeld.push(locks.held.size))).toBeNull();
    leaves[0]?.();
    await vi.waitFor(() => expect(numHeld).toEqual([3]));
  });

  it("has no place where locks are refused", async () => {
    vi.spyOn(locks, "request").mockRejectedValue(new DOMException("not here", "SecurityError"));
    expect(await (await newWindow()).enterStreamRoom(nobody)).toBeNull();
  });
});

describe("where there are none", () => {
  it("has two places in each window", async () => {
    vi.stubGlobal("navigator", {});
    const room = await newWindow();
    const leave = await room.enterStreamRoom(nobody);
    expect(await room.enterStreamRoom(nobody)).not.toBeNull();
    const onRoom = vi.fn();
    expect(await room.enterStreamRoom(onRoom)).toBeNull();
    leave?.();
    expect(onRoom).toHaveBeenCalledOnce();
    expect(await room.enterStreamRoom(onRoom)).not.toBeNull();
  });
});
