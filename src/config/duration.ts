/**
 * Owns durations as people write them: a whole number and one unit. In: text. Out: milliseconds, and back.
 * @module
 */
import type { ValueKind } from "./value_kind.ts";

const UNITS = [
  { name: "h", ms: 3_600_000 },
  { name: "m", ms: 60_000 },
  { name: "s", ms: 1000 },
  { name: "ms", ms: 1 },
] as const;

/** A duration in milliseconds between two others, both included. */
export function durationMs(
  leastMs: number,
  mostMs: number,
  example: string,
): ValueKind<number> {
  return {
    type: "text",
    expects: `a duration from ${formatDuration(leastMs)} to ${
      formatDuration(mostMs)
    } (units ms, s, m, h) such as ${example}`,
    parse(text) {
      const [, digits, unitName] = /^(\d{1,15})(ms|s|m|h)$/.exec(text) ?? [];
      const unit = UNITS.find((unit) => unit.name === unitName);
      if (unit === undefined) return { ok: false };
      const value = Number(digits) * unit.ms;
      return value >= leastMs && value <= mostMs
        ? { ok: true, value }
        : { ok: false };
    },
  };
}

/** The shortest text of `durationMs`, a whole number of milliseconds: `500ms`, `2s`, `90s`, `1h`. */
export function formatDuration(durationMs: number): string {
  const unit = durationMs === 0
    ? UNITS[2]
    : UNITS.find((unit) => durationMs % unit.ms === 0);
  return unit === undefined
    ? `${durationMs}ms`
    : `${durationMs / unit.ms}${unit.name}`;
}
