/**
 * Owns how benchmarks sum up and keep what they measured. In: raw values. Out: medians, and a JSON file with every raw
 * value, the machine and the date in bench/results/.
 * @module
 */

/** V8's flags of `deno task start`: whatever is measured here runs with them. */
export const V8_FLAGS =
  "--v8-flags=--optimize-for-size,--max-semi-space-size=1";

/** @throws {Error} without values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) {
    throw new Error("Cannot take a median: expected values, found none");
  }
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A quarter of the values is at most as large: what interruptions leave alone. @throws {Error} without values. */
export function lowerQuarter(values: readonly number[]): number {
  const middle = median(values);
  return median(values.filter((value) => value <= middle));
}

/** What the figures depend on. */
export function machine(): Record<string, string | number> {
  const cpu = Deno.readTextFileSync("/proc/cpuinfo")
    .match(/^model name\s*:\s*(.*)$/m)?.[1] ?? "unknown";
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu,
    cpus: navigator.hardwareConcurrency,
    kernel: Deno.osRelease(),
    deno: Deno.version.deno,
    v8Flags: V8_FLAGS,
  };
}

/** Writes `bench/results/<name>.json`; the last run replaces the one before. */
export function keepResults(name: string, results: unknown): void {
  const path = new URL(`results/${name}.json`, import.meta.url);
  Deno.mkdirSync(new URL(".", path), { recursive: true });
  const rounded = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value;
  Deno.writeTextFileSync(
    path,
    JSON.stringify({ machine: machine(), results }, rounded, 2),
  );
  // These files are kept with the sources, and pass the same check.
  new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", path.pathname],
  }).outputSync();
}

/** A markdown table, numbers to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(head),
    line(head.map((_, i) => i === 0 ? "---" : "---:")),
    ...rows.map(line),
  ].join("\n");
}
