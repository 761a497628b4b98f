/**
 * Owns when bpf() operations are counted, as people write it: `off`, `on`, or `window=ON/EVERY`. In: text. Out: a mode, and back.
 * @module
 */
import type { Config } from "./config.ts";
import { durationMs, formatDuration } from "./duration.ts";
import type { ValueKind } from "./value_kind.ts";

/** Attaching takes some 10 ms. */
const on = durationMs(1_000, 3_600_000, "10s");
const every = durationMs(2_000, 86_400_000, "100s");

export const operationsMode: ValueKind<Config["operations"]> = {
  type: "text",
  expects:
    `off, on, or window=ON/EVERY with ON from 1s to 1h and a longer EVERY of at most 24h, such as window=10s/100s`,
  parse(text) {
    if (text === "off" || text === "on") return { ok: true, value: text };
    const [, onText, everyText] = /^window=([^/]+)\/([^/]+)$/.exec(text) ?? [];
    if (onText === undefined) return { ok: false };
    const onMs = on.parse(onText);
    const everyMs = every.parse(everyText);
    if (!onMs.ok || !everyMs.ok) return { ok: false };
    return onMs.value < everyMs.value
      ? { ok: true, value: { onMs: onMs.value, everyMs: everyMs.value } }
      : { ok: false, because: "which leaves no time without counting" };
  },
};

export function formatOperationsMode(mode: Config["operations"]): string {
  return typeof mode === "string"
    ? mode
    : `window=${formatDuration(mode.onMs)}/${formatDuration(mode.everyMs)}`;
}
