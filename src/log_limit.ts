/**
 * Owns how often one cause may be logged: so many lines a minute, then one line that says how many were left out. In: the
 * level and message of each event. Out: whether it is written, and reports of what was not. What a client sends can make
 * neither more lines nor more memory: numbers and quoted text do not tell causes apart, and causes are limited in number.
 * @module
 */
import type { Clock } from "./clock.ts";
import type { LogLevel } from "./config/config.ts";

/** Lines of one cause within `WINDOW_MS` of the first of them. */
export const LINES_PER_WINDOW = 10;
export const WINDOW_MS = 60_000;
/** Above this many causes in a minute all others are one. */
const MOST_CAUSES = 200;
/** Anything that a message template does not have: what was quoted, and numbers. */
const VARIABLE = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\b0x[0-9a-f]+|\d+/gi;
const ALL_OTHERS = "";

/** Lines of one cause that were left out. */
export interface LeftOut {
  readonly level: LogLevel;
  /** The first message that was left out. */
  readonly message: string;
  readonly count: number;
}

interface Window {
  readonly endsAtMs: number;
  lines: number;
  leftOut: LeftOut | undefined;
  cancelReport: () => void;
}

export class CauseLimit {
  readonly #clock: Pick<Clock, "monotonicMs" | "after">;
  readonly #report: (leftOut: LeftOut) => void;
  readonly #windows = new Map<string, Window>();

  /** @param report called at the end of a minute in which lines were left out */
  constructor(
    clock: Pick<Clock, "monotonicMs" | "after">,
    report: (leftOut: LeftOut) => void,
  ) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Counts an event. Returns whether it is to be written. */
  admits(level: LogLevel, message: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const cause = this.#causeOf(level, message, nowMs);
    let window = this.#windows.get(cause);
    if (window === undefined || window.endsAtMs <= nowMs) {
      if (window !== undefined) this.#end(window);
      window = {
        endsAtMs: nowMs + WINDOW_MS,
        lines: 0,
        leftOut: undefined,
        cancelReport: () => {},
      };
      this.#windows.set(cause, window);
    }
    if (++window.lines <= LINES_PER_WINDOW) return true;
    this.#leaveOut(window, level, message, nowMs);
    return false;
  }

  /** Reports at once whatever was left out so far: the process is about to end. */
  reportAll(): void {
    for (const window of this.#windows.values()) this.#end(window);
  }

  #leaveOut(
    window: Window,
    level: LogLevel,
    message: string,
    nowMs: number,
  ): void {
    if (window.leftOut === undefined) {
      window.leftOut = { level, message, count: 1 };
      window.cancelReport = this.#clock.after(
        window.endsAtMs - nowMs,
        () => this.#end(window),
      );
    } else {
      const { leftOut } = window;
      window.leftOut = { ...leftOut, count: leftOut.count + 1 };
    }
  }

  #end(window: Window): void {
    window.cancelReport();
    const { leftOut } = window;
    window.leftOut = undefined;
    if (leftOut !== undefined) this.#report(leftOut);
  }

  #causeOf(level: LogLevel, message: string, nowMs: number): string {
    const cause = `${level} ${message.replace(VARIABLE, "#")}`;
    if (this.#windows.has(cause)) return cause;
    if (this.#windows.size >= MOST_CAUSES) this.#forgetEnded(nowMs);
    return this.#windows.size >= MOST_CAUSES ? ALL_OTHERS : cause;
  }

  #forgetEnded(nowMs: number): void {
    for (const [cause, window] of this.#windows) {
      if (window.endsAtMs > nowMs) continue;
      this.#end(window);
      this.#windows.delete(cause);
    }
  }
}
