/**
 * Owns how the page writes numbers and durations for people. In: numbers with units. Out: text; a dash for what is absent.
 * @module
 */

export const ABSENT = "–";

/** 1234567 as `1,234,567`. */
export function formatCount(count: number | undefined): string {
  return count === undefined
    ? ABSENT
    : String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** 1536 as `1.5 KiB`. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return ABSENT;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  // 1023.95 would be written as 1024.0 of the smaller unit
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** 0.25 as `250 ms`, 12.34 as `12.3 s`, 600 as `10 min`. */
export function formatSeconds(seconds: number | undefined): string {
  if (seconds === undefined) return ABSENT;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Number((seconds / 3600).toFixed(1))} h`;
}
