/**
 * Measures how rows cross from a worker to the main thread: shared memory under a sequence lock (workers/columns.ts), or
 * buffers that are transferred and returned. In: nothing. Out: a table, and every raw value in
 * bench/results/handover.json. `deno run -A bench/handover.ts [ROUNDS] [SECONDS]`; a round is 12 processes.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { keepResults, median, table, V8_FLAGS } from "./figures.ts";
import type { Cell } from "./handover_cell.ts";
import type { Mode } from "./handover_worker.ts";

const MODES: readonly Mode[] = ["none", "shared", "transfer"];
const LOADS = [
  { rows: 1_000, hz: 10 },
  { rows: 1_000, hz: 100 },
  { rows: 10_000, hz: 10 },
  { rows: 10_000, hz: 100 },
];
const rounds = Number(Deno.args[0] ?? 5);
const seconds = Number(Deno.args[1] ?? 5);

async function measure(
  mode: Mode,
  rows: number,
  hz: number,
): Promise<Cell> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      V8_FLAGS,
      new URL("handover_cell.ts", import.meta.url).pathname,
      mode,
      ...[rows, hz, seconds].map(String),
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure ${mode}: its process failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

const results = LOADS.flatMap((load) =>
  MODES.map((mode) => ({ ...load, mode, cells: [] as Cell[] }))
);
for (let round = 0; round < rounds; round++) {
  for (const { mode, rows, hz, cells } of results) {
    cells.push(await measure(mode, rows, hz));
  }
}

const medianOf = (cells: Cell[], key: keyof Cell): number =>
  median(cells.flatMap((cell) => cell[key] ?? []));
console.log(
  `64-byte rows, median of ${rounds} rounds of ${seconds} s; CPU of the whole process in % of one core\n`,
);
console.log(table(
  ["hand-over", "rows", "Hz", "CPU %", "latency ms", "RssAnon MiB"],
  results.map(({ mode, rows, hz, cells }) => [
    mode,
    String(rows),
    String(hz),
    medianOf(cells, "cpuPercent").toFixed(2),
    mode === "none" ? "" : medianOf(cells, "latencyMs").toFixed(2),
    medianOf(cells, "rssAnonMiB").toFixed(1),
  ]),
));
keepResults("handover", results);
