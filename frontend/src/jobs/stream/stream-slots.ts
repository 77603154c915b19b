/** Slots for event streams. Over HTTP/1.1 a browser has 6 connections to one server for all its windows together, and
 * pictures and calls need some of them. The windows share slots by locks; without locks (no HTTPS) each has a few. */

/** Of all windows together. */
export const MAX_SHARED_STREAMS = 4;
/** Of this window, where there are no locks. */
export const MAX_STREAMS = 2;

/** Gives the slot back. */
export type Release = () => void;

let numOpen = 0;
const waiting = new Set<() => void>();

/** A free slot, or null. In that case `onFree` is called once, when this window releases one; slots of other windows are
 * found by trying again. */
export async function acquireSlot(onFree: () => void): Promise<Release | null> {
  waiting.delete(onFree);
  const release = navigator.locks ? await takeAnyLock() : takeOwnSlot();
  if (!release) waiting.add(onFree);
  return release;
}

export function stopWaiting(onFree: () => void): void {
  waiting.delete(onFree);
}

async function takeAnyLock(): Promise<Release | null> {
  for (let at = 0; at < MAX_SHARED_STREAMS; at += 1) {
    const release = await takeLock(`lora-studio:stream-${at}`);
    if (release) return release;
  }
  return null;
}

/** The lock is held until the result is called. Null where another window holds it, or this page may hold none. */
function takeLock(name: string): Promise<Release | null> {
  return new Promise((resolve) => {
    const hold = (lock: Lock | null) => lock && new Promise<void>((release) => resolve(release)).then(() => true);
    navigator.locks.request(name, { ifAvailable: true }, hold).then(
      (wasHeld) => (wasHeld ? callNext() : resolve(null)),
      () => resolve(null),
    );
  });
}

function takeOwnSlot(): Release | null {
  if (numOpen >= MAX_STREAMS) return null;
  numOpen += 1;
  return () => {
    numOpen -= 1;
    callNext();
  };
}

function callNext(): void {
  const [next] = waiting;
  if (next) {
    waiting.delete(next);
    next();
  }
}
