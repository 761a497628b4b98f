/**
 * Measures whether a worker keeps its deadlines: how late its samples start, and whether their phase drifts. In: nothing.
 * Out: a table, and every lateness in bench/results/cadence.json. `deno run -A bench/cadence.ts [SECONDS] [INTERVAL_MS]`;
 * target: a drift of less than 1 ms over 10 minutes. Exit 1 where it is missed.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import type { CadenceRecord } from "./cadence_worker.ts";
import { keepResults, median, table, V8_FLAGS } from "./figures.ts";

const TARGET_DRIFT_MS = 1;
const seconds = Number(Deno.args[0] ?? 600);
const intervalMs = Number(Deno.args[1] ?? 100);

async function measure(): Promise<CadenceRecord> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      V8_FLAGS,
      new URL("cadence_cell.ts", import.meta.url).pathname,
      String(intervalMs),
      String(seconds),
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("Cannot measure: the process failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Of `values`, ascending: the smallest that `share` of them do not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

const { latenessMs, durationMs, missedTicks } = await measure();
/** A tenth of the run at each end, so that single late samples do not count. */
const tenth = Math.max(1, Math.floor(latenessMs.length / 10));
const firstMs = median(latenessMs.slice(0, tenth));
const lastMs = median(latenessMs.slice(-tenth));
const driftMs = lastMs - firstMs;

console.log(
  `maps worker every ${intervalMs} ms for ${seconds} s: ${durationMs.length} samples of ${
    median(durationMs).toFixed(1)
  } ms\n`,
);
console.log(table(["", "ms"], [
  ["lateness, median", median(latenessMs).toFixed(3)],
  ["lateness, p99", quantile(latenessMs, 0.99).toFixed(3)],
  ["lateness, max", quantile(latenessMs, 1).toFixed(3)],
  ["median of the first tenth", firstMs.toFixed(3)],
  ["median of the last tenth", lastMs.toFixed(3)],
  ["drift", driftMs.toFixed(3)],
]));
console.log(`\nslots missed: ${missedTicks}`);
keepResults("cadence", {
  intervalMs,
  seconds,
  missedTicks,
  driftMs,
  sampleMs: median(durationMs),
  latenessMs: {
    median: median(latenessMs),
    p99: quantile(latenessMs, 0.99),
    max: quantile(latenessMs, 1),
    medianOfFirstTenth: firstMs,
    medianOfLastTenth: lastMs,
    each: latenessMs.map((ms) => Math.round(ms * 1000) / 1000),
  },
});
if (Math.abs(driftMs) >= TARGET_DRIFT_MS) {
  console.error(
    `The phase drifts: expected less than ${TARGET_DRIFT_MS} ms, found ${
      driftMs.toFixed(3)
    } ms`,
  );
  Deno.exit(1);
}
