/** How many event streams this page holds open. Over HTTP/1.1 a browser has 6 connections to one server, and pictures
 * and calls need some of them. */

export const MAX_STREAMS = 4;

let numOpen = 0;
const waiting = new Set<() => void>();

/** Whether a stream may be opened now; `leaveStreamRoom` gives its place back. Otherwise `onRoom` is called once, as
 * soon as there may be a place. */
export function enterStreamRoom(onRoom: () => void): boolean {
  waiting.delete(onRoom);
  if (numOpen < MAX_STREAMS) {
    numOpen += 1;
    return true;
  }
  waiting.add(onRoom);
  return false;
}

export function leaveStreamRoom(): void {
  numOpen -= 1;
  const [next] = waiting;
  if (next) {
    waiting.delete(next);
    next();
  }
}

export function stopWaiting(onRoom: () => void): void {
  waiting.delete(onRoom);
}
