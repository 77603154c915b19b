import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

type StreamSlots = typeof import("./stream-slots");

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

async function newWindow(): Promise<StreamSlots> {
  vi.resetModules();
  return import("./stream-slots");
}

const ignore = () => {};

afterEach(() => vi.unstubAllGlobals());

describe("where there are locks", () => {
  let locks: Locks;

  beforeEach(() => {
    locks = new Locks();
    vi.stubGlobal("navigator", { locks });
  });

  it("has four slots for all windows together", async () => {
    const [one, other] = [await newWindow(), await newWindow()];
    const releases = [];
    for (const slots of [one, other, one, other]) releases.push(await slots.acquireSlot(ignore));
    expect([...locks.held].sort()).toEqual([0, 1, 2, 3].map((at) => `lora-studio:stream-${at}`));
    expect(await one.acquireSlot(ignore)).toBeNull();
    releases[1]?.();
    await vi.waitFor(() => expect(locks.held.size).toBe(3));
    expect(await one.acquireSlot(ignore)).not.toBeNull();
  });

  it("calls the waiter of this window once the slot is free", async () => {
    const slots = await newWindow();
    const releases = [];
    for (let at = 0; at < slots.MAX_SHARED_STREAMS; at += 1) releases.push(await slots.acquireSlot(ignore));
    const numHeld: number[] = [];
    expect(await slots.acquireSlot(() => numHeld.push(locks.held.size))).toBeNull();
    releases[0]?.();
    await vi.waitFor(() => expect(numHeld).toEqual([3]));
  });

  it("has no slot where locks are refused", async () => {
    vi.spyOn(locks, "request").mockRejectedValue(new DOMException("not here", "SecurityError"));
    expect(await (await newWindow()).acquireSlot(ignore)).toBeNull();
  });
});

describe("where there are none", () => {
  it("has two slots in each window", async () => {
    vi.stubGlobal("navigator", {});
    const slots = await newWindow();
    const release = await slots.acquireSlot(ignore);
    expect(await slots.acquireSlot(ignore)).not.toBeNull();
    const onFree = vi.fn();
    expect(await slots.acquireSlot(onFree)).toBeNull();
    release?.();
    expect(onFree).toHaveBeenCalledOnce();
    expect(await slots.acquireSlot(onFree)).not.toBeNull();
  });
});
