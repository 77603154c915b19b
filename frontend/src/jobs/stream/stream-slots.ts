/** Room for event streams. Over HTTP/1.1 a browser has 6 connections to one server for all its windows together, and
 * pictures and calls need some of them. The windows agree by locks; where there are none (no HTTPS), each is modest. */

/** Of all windows together. */
export const MAX_SHARED_STREAMS = 4;
/** Of this window, where there are no locks. */
export const MAX_STREAMS = 2;

/** Gives a place back. */
export type Leave = () => void;

let numOpen = 0;
const waiting = new Set<() => void>();

/** A place for a stream, if there is one now. Otherwise `onRoom` is called once, as soon as this window gave one back;
 * what other windows give back is found by asking again. */
export async function enterStreamRoom(onRoom: () => void): Promise<Leave | null> {
  waiting.delete(onRoom);
  const leave = navigator.locks ? await takeAnyLock() : takeOwnPlace();
  if (!leave) waiting.add(onRoom);
  return leave;
}

export function stopWaiting(onRoom: () => void): void {
  waiting.delete(onRoom);
}

async function takeAnyLock(): Promise<Leave | null> {
  for (let at = 0; at < MAX_SHARED_STREAMS; at += 1) {
    const leave = await takeLock(`lora-studio:stream-${at}`);
    if (leave) return leave;
  }
  return null;
}

/** Held until the answer is called. Null where somebody has it, or this page may have none. */
function takeLock(name: string): Promise<Leave | null> {
  return new Promise((resolve) => {
    const hold = (lock: Lock | null) => lock && new Promise<void>((leave) => resolve(leave)).then(() => true);
    navigator.locks.request(name, { ifAvailable: true }, hold).then(
      (wasHeld) => (wasHeld ? callNext() : resolve(null)),
      () => resolve(null),
    );
  });
}

function takeOwnPlace(): Leave | null {
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
