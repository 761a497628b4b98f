/**
 * Measures a look at all perf buffers: by the number of maps on the node, beside the kernel's own iteration, of entries with a buffer, and of
 * new records. In: a kernel to make objects on (root), cc; LONG=1 for five times as many rounds. Out: tables, and every raw value in
 * bench/results/perf_buffers.json.
 *
 * Before each look at buffers the other process has run, whatever it did.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { openLibc } from "../ffi/mod.ts";
import { whyNoTool } from "../test/kernel/compile.ts";
import { PerfOwner } from "../test/kernel/perf_buffers.ts";
import { openIterators } from "../workers/iterators.ts";
import { PerfCollector } from "../workers/maps/perf_buffers.ts";
import {
  costUs,
  lineThrough,
  mapsTable,
  measureByMaps,
  recordsTable,
} from "./buffer_looks.ts";
import { keepResults, median, table } from "./figures.ts";

const MAPS = [0, 1_000, 5_000, 10_000];
const OWNED = [0, 1, 4];
const RECORDS = [0, 10_000, 30_000, 60_000];
const RECORD_BYTES = 40;
const PAGES = 2048;
const WARM_UP = 5;
const times = Deno.env.get("LONG") === "1" ? 5 : 1;
const rounds = 40 * times;

const missing = whyNoTool("perf") ?? whyNoTool("hold");
if (missing !== undefined) {
  console.log(`SKIP ${missing}`);
  Deno.exit(0);
}
const kernel = openLibc();
using opened = openIterators(kernel, false);
const { iterators } = opened;
const { perf } = iterators;
if (typeof perf !== "object") {
  console.log(`SKIP ${perf}`);
  Deno.exit(0);
}
const collector = new PerfCollector(kernel, perf);
const look = () => collector.look();

/** Looks after the owner was asked something each time, µs. */
async function looks(before: () => Promise<unknown>): Promise<number[]> {
  const us: number[] = [];
  for (let round = -WARM_UP; round < rounds; round++) {
    await before();
    const spentUs = costUs(look);
    if (round >= 0) us.push(spentUs);
  }
  return us;
}

/** By how many maps of one CPU's buffer each there are beside the one that is asked. */
async function byBuffers(): Promise<[number, number[]][]> {
  const cpus = Math.min(navigator.hardwareConcurrency, 8);
  await using asked = await PerfOwner.start(1, 1, 8);
  const rows: [number, number[]][] = [];
  for (const owned of OWNED) {
    await using stack = new AsyncDisposableStack();
    if (owned > 0) stack.use(await PerfOwner.start(owned, cpus, 8));
    const us = await looks(() => asked.ask("more", 0, 0));
    rows.push([1 + owned * cpus, us]);
  }
  return rows;
}

async function byRecords(): Promise<[number, number[]][]> {
  await using owner = await PerfOwner.start(1, 1, PAGES);
  const rows: [number, number[]][] = [];
  for (const records of RECORDS) {
    const us = await looks(() =>
      records === 0
        ? owner.ask("more", 0, 0)
        : owner.ask("run", 0, 0, records, RECORD_BYTES, 1_000)
    );
    rows.push([records, us]);
  }
  return rows;
}

const maps = await measureByMaps(kernel, iterators, look, MAPS, rounds);
const buffers = await byBuffers();
const records = await byRecords();
const line = lineThrough(
  maps.map(({ seen, us }) => [seen, median(us.look)] as const),
);
const record = lineThrough(
  records.map(([count, us]) => [count, median(us)] as const),
);
console.log(`A look at perf buffers, nothing new\n\n${mapsTable(maps)}\n`);
console.log(
  `${
    table(
      ["perf buffers", "look, µs", "least µs"],
      buffers.map(([count, us]) => [
        String(count),
        median(us).toFixed(0),
        Math.min(...us).toFixed(0),
      ]),
    )
  }\n`,
);
console.log(`${recordsTable(records)}\n`);
console.log(
  `${line.fixed.toFixed(0)} µs + ${line.each.toFixed(3)} µs a map + ${
    (record.each * 1e3).toFixed(1)
  } ns a record; target 100 µs + 0.35 µs a map + 40 ns a record`,
);
keepResults("perf_buffers", { maps, buffers, records });
Deno.exit(0);
