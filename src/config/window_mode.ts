/**
 * Owns when something is counted, as people write it: `off`, `on`, or `window=ON/EVERY`. In: text. Out: a mode, and back.
 * @module
 */
import type { Window } from "../../workers/windows.ts";
import { durationMs, formatDuration } from "./duration.ts";
import type { ValueKind } from "./value_kind.ts";

export type WindowMode = "off" | "on" | Window;

const HOUR_MS = 3_600_000;

/** Attaching takes some 10 ms. */
export const operationsMode: ValueKind<WindowMode> = windowMode({
  on: [1_000, HOUR_MS],
  every: [2_000, 24 * HOUR_MS],
  example: ["10s", "100s"],
});

/** The switch takes some 0.2 ms. */
export const runStatsMode: ValueKind<WindowMode> = windowMode({
  on: [10, HOUR_MS],
  every: [20, HOUR_MS],
  example: ["100ms", "1s"],
});

/** Bounds are in ms, both included. */
function windowMode({ on, every, example }: {
  readonly on: readonly [number, number];
  readonly every: readonly [number, number];
  readonly example: readonly [string, string];
}): ValueKind<WindowMode> {
  const onMs = durationMs(...on, example[0]);
  const everyMs = durationMs(...every, example[1]);
  const [least, most] = on.map(formatDuration);
  const longest = formatDuration(every[1]);
  const text = `window=${example.join("/")}`;
  return {
    type: "text",
    expects:
      `off, on, or window=ON/EVERY with ON from ${least} to ${most} and a longer EVERY of at most ${longest}, such as ${text}`,
    parse(text) {
      if (text === "off" || text === "on") return { ok: true, value: text };
      const [, onText, everyText] = /^window=([^/]+)\/([^/]+)$/.exec(text) ??
        [];
      if (onText === undefined) return { ok: false };
      const on = onMs.parse(onText);
      const every = everyMs.parse(everyText);
      if (!on.ok || !every.ok) return { ok: false };
      return on.value < every.value
        ? { ok: true, value: { onMs: on.value, everyMs: every.value } }
        : { ok: false, because: "which leaves no time without counting" };
    },
  };
}

export function formatWindowMode(mode: WindowMode): string {
  return typeof mode === "string"
    ? mode
    : `window=${formatDuration(mode.onMs)}/${formatDuration(mode.everyMs)}`;
}

/** As `for 100ms of every 1s`. */
export function windowPhrase({ onMs, everyMs }: Window): string {
  return `for ${formatDuration(onMs)} of every ${formatDuration(everyMs)}`;
}
