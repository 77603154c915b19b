/** What a key does in the editor. Pure. */

export type Command =
  | { kind: "undo" | "redo" | "invert" | "zoom in" | "zoom out" | "zoom whole" }
  | { kind: "tool"; tool: Tool }
  | { kind: "grow"; factor: number }
  /** The cursor moves by shares of the brush's size. */
  | { kind: "move"; dx: number; dy: number }
  | { kind: "dot" };

export type Tool = "brush" | "eraser";

export interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** Where the key was pressed: on the canvas, in a field that takes it itself, or elsewhere in the dialog. */
export type Place = "canvas" | "field" | "elsewhere";

export const GROWTH = 1.25;
const STEP = 0.5;
const LARGE_STEP = 2;

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const LETTERS: Readonly<Record<string, Command>> = {
  "[": { kind: "grow", factor: 1 / GROWTH },
  "]": { kind: "grow", factor: GROWTH },
  b: { kind: "tool", tool: "brush" },
  e: { kind: "tool", tool: "eraser" },
  i: { kind: "invert" },
  "+": { kind: "zoom in" },
  "=": { kind: "zoom in" },
  "-": { kind: "zoom out" },
  "0": { kind: "zoom whole" },
};

/** Null for a key that is not the editor's. The space bar is the canvas's own: it pans too. */
export function commandOf(pressed: Key, place: Place): Command | null {
  if (place === "field" || pressed.altKey) return null;
  const letter = pressed.key.toLowerCase();
  if (pressed.ctrlKey || pressed.metaKey) {
    if (letter === "z") return { kind: pressed.shiftKey ? "redo" : "undo" };
    return letter === "y" ? { kind: "redo" } : null;
  }
  if (place === "canvas") {
    const [dx, dy] = MOVES[pressed.key] ?? [0, 0];
    const step = pressed.shiftKey ? LARGE_STEP : STEP;
    if (dx || dy) return { kind: "move", dx: dx * step, dy: dy * step };
    if (pressed.key === "Enter") return { kind: "dot" };
  }
  return LETTERS[letter] ?? null;
}

/** Smallest and largest brush, pixels of the picture. */
export function brushLimits({ width, height }: { width: number; height: number }): { min: number; max: number } {
  const longer = Math.max(width, height);
  return { min: Math.max(2, Math.round(longer / 128)), max: Math.max(8, Math.round(longer / 2)) };
}
