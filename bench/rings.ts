/**
 * Measures looks at ring buffers: what one costs by how many maps and new records there are, how much the maps worker's tick grows with
 * them, what a producer notices of the agent, and what the agent takes beside a ring at 16 MB/s. In: a kernel to make maps on (root), cc;
 * LONG=1 for five times as many rounds. Out: tables, and every raw value in bench/results/rings.json.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { openLibc } from "../ffi/mod.ts";
import { whyNoTool } from "../test/kernel/compile.ts";
import { Holder } from "../test/kernel/holder.ts";
import { RingProducer } from "../test/kernel/rings.ts";
import { openIterators } from "../workers/iterators.ts";
import { RingCollector } from "../workers/maps/rings.ts";
import {
  costUs,
  lineThrough,
  mapsTable,
  measureByMaps,
  recordsTable,
  seenMaps,
} from "./buffer_looks.ts";
import { keepResults, median, table } from "./figures.ts";
import {
  agentTable,
  measureAgent,
  measureProducer,
  producerTable,
} from "./rings_agent.ts";
import { measureTicks, ticksTable } from "./rings_tick.ts";

const HELD = [0, 1_000, 5_000, 10_000];
const RECORDS = [0, 10_000, 30_000, 60_000];
/** Beside the agent whose CPU is measured. */
const MAPS_BESIDE_AGENT = 100;
const times = Deno.env.get("LONG") === "1" ? 5 : 1;

const missing = whyNoTool("ring_producer") ?? whyNoTool("hold") ??
  whyNoTool("perf");
if (missing !== undefined) {
  console.log(`SKIP ${missing}`);
  Deno.exit(0);
}
const kernel = openLibc();
const opened = openIterators(kernel, false);
const { iterators } = opened;
const { rings } = iterators;
if (typeof rings !== "object") {
  console.log(`SKIP ${rings}`);
  Deno.exit(0);
}

/** Looks at one ring, after so many new records each. */
async function byRecords(
  collector: RingCollector,
  rounds: number,
): Promise<[number, number[]][]> {
  await using producer = await RingProducer.start(1 << 22);
  const cells = RECORDS.map((records): [number, number[]] => [records, []]);
  for (let round = -5; round < rounds; round++) {
    for (const [records, us] of cells) {
      // The other process has run before each look, whatever it wrote.
      await producer.tell("once");
      if (records > 0) {
        await producer.tell(`produce 256 ${records} ${records} 0 1`);
      }
      const spentUs = costUs(() => collector.look());
      if (round >= 0) us.push(spentUs);
    }
  }
  return cells;
}

/** Mostly the short way, beside one ring: there must be one, or every look goes over all maps. */
async function measureByKnown() {
  await using _ring = await RingProducer.start(1 << 18);
  return await measureByMaps(
    kernel,
    iterators,
    () => knowing.look(),
    HELD,
    40 * times,
  );
}

const { known: _, ...overAll } = rings;
const collector = new RingCollector(kernel, overAll);
const look = () => collector.look();
const maps = await measureByMaps(kernel, iterators, look, HELD, 40 * times);
const knowing = new RingCollector(kernel, rings);
const knownMaps = await measureByKnown();
const records = await byRecords(collector, 30 * times);
const ticks = await measureTicks(kernel, iterators, 4 * times);
opened[Symbol.dispose]();
const producing = await measureProducer(24 * times);
await using holder = await Holder.start(MAPS_BESIDE_AGENT, 0, 0);
const beside = seenMaps(kernel);
const cpu = await measureAgent(2 * times, 5);
await holder.end();

const line = lineThrough(
  maps.map(({ seen, us }) => [seen, median(us.look)] as const),
);
const record = lineThrough(
  records.map(([count, us]) => [count, median(us)] as const),
);
console.log(`A look at ring buffers, nothing new\n\n${mapsTable(maps)}\n`);
console.log(`Of the known ones alone\n\n${mapsTable(knownMaps)}\n`);
console.log(`${recordsTable(records)}\n`);
console.log(
  `${line.fixed.toFixed(0)} µs + ${line.each.toFixed(3)} µs a map + ${
    (record.each * 1e3).toFixed(1)
  } ns a record; target 100 µs + 0.35 µs a map + 40 ns a record\n`,
);
console.log(`${ticksTable(ticks)}\n\ntarget: 5 % more\n`);
console.log(`${producerTable(producing)}\n\ntarget: none, within noise\n`);
console.log(table(
  [
    `agent among ${beside} maps`,
    "% of a core, nothing written",
    "beside a ring",
    "its MB/s",
    "least coverage",
  ],
  [agentTable("at its usual intervals", cpu)],
));
console.log("\ntarget: 2 % of a core at 16 MB/s among 100 maps");
keepResults("rings", {
  maps,
  knownMaps,
  records,
  ticks,
  producing,
  cpu,
  beside,
});
Deno.exit(0);
