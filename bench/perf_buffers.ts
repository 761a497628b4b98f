/**
 * Measures a look at all perf buffers: by the number of maps on the node, of entries with a buffer, and of new records. In: a kernel to make objects
 * on (root), cc. Out: tables, and every raw value in bench/results/perf_buffers.json. `deno run -A bench/perf_buffers.ts [ROUNDS]`.
 *
 * The difference between two rows of a table is the price; the first row has what else is on the machine.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { compile, whyNoTool } from "../test/kernel/compile.ts";
import { PerfOwner, PerfWatch } from "../test/kernel/perf_buffers.ts";
import { keepResults, median, table } from "./figures.ts";
import { LineProcess } from "./line_process.ts";

const rounds = Number(Deno.args[0] ?? 200);
const MAPS = [0, 1_000, 10_000];
const RECORDS = [0, 100, 1_000, 10_000, 100_000];
const RECORD_BYTES = 40;
const PAGES = 2048;
const WARM_UP = 20;

const missing = whyNoTool("perf");
if (missing !== undefined) {
  console.log(`SKIP bench/perf_buffers.ts: ${missing}`);
  Deno.exit(0);
}

/** A look, in microseconds. */
function lookUs(watch: PerfWatch): number {
  const startMs = performance.now();
  watch.collector.look();
  return (performance.now() - startMs) * 1_000;
}

function idleLooks(watch: PerfWatch): number[] {
  for (let i = 0; i < WARM_UP; i++) lookUs(watch);
  return Array.from({ length: rounds }, () => lookUs(watch));
}

async function byMaps(watch: PerfWatch): Promise<[number, number[]][]> {
  const rows: [number, number[]][] = [];
  for (const maps of MAPS) {
    await using holder = new LineProcess(compile("hold"), [
      String(maps),
      "0",
      "0",
    ]);
    await holder.readLine();
    await holder.readLine();
    rows.push([maps, idleLooks(watch)]);
  }
  return rows;
}

async function byEntries(watch: PerfWatch): Promise<[number, number[]][]> {
  const rows: [number, number[]][] = [];
  const cpus = Math.min(navigator.hardwareConcurrency, 8);
  for (const maps of [0, 1, 4]) {
    await using stack = new AsyncDisposableStack();
    if (maps > 0) stack.use(await PerfOwner.start(maps, cpus, 8));
    rows.push([maps * cpus, idleLooks(watch)]);
  }
  return rows;
}

async function byRecords(watch: PerfWatch): Promise<[number, number[]][]> {
  await using owner = await PerfOwner.start(1, 1, PAGES);
  const rows: [number, number[]][] = [];
  for (const records of RECORDS) {
    const values: number[] = [];
    for (let i = 0; i < Math.min(rounds, 50); i++) {
      // The other process has run before each look, whatever it wrote.
      if (records === 0) await owner.ask("more", 0, 0);
      else await owner.ask("run", 0, 0, records, RECORD_BYTES, 1_000);
      values.push(lookUs(watch));
    }
    rows.push([records, values]);
  }
  return rows;
}

function print(what: string, rows: readonly [number, number[]][]): void {
  const [[, base]] = rows;
  console.log(
    table(
      [what, "look, µs", "more for each, ns"],
      rows.map(([count, values], i) => [
        String(count),
        median(values).toFixed(1),
        i === 0
          ? ""
          : ((median(values) - median(base)) * 1_000 / (count - rows[0][0]))
            .toFixed(1),
      ]),
    ),
  );
}

using watch = new PerfWatch();
const maps = await byMaps(watch);
const entries = await byEntries(watch);
const records = await byRecords(watch);
print("more maps", maps);
print("perf buffers", entries);
print("new records", records);
keepResults("perf_buffers", { maps, entries, records });
Deno.exit(0);
