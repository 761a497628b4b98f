/**
 * Measures looks at ring buffers: what one costs by how many maps and new records there are, and what producers notice of them. In: a
 * kernel to make maps on (root), cc. Out: tables, and every raw value in bench/results/rings.json. `deno run -A bench/rings.ts
 * [ROUNDS]`.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { nextObjectId, openLibc } from "../ffi/mod.ts";
import { whyNoTool } from "../test/kernel/compile.ts";
import { Holder } from "../test/kernel/holder.ts";
import { looking, RingProducer } from "../test/kernel/rings.ts";
import { openIterators } from "../workers/iterators.ts";
import { RingCollector } from "../workers/maps/rings.ts";
import { keepResults, median, table } from "./figures.ts";

const HELD = [0, 1_000, 5_000];
const RECORDS = [0, 1_000, 20_000];
const WARM_UP = 10;
/** Records whose producing is timed. */
const TIMED = 2_000_000;
const rounds = Number(Deno.args[0] ?? 15);

const missing = whyNoTool("ring_producer") ?? whyNoTool("hold");
if (missing !== undefined) {
  console.log(`SKIP ${missing}`);
  Deno.exit(0);
}
const kernel = openLibc();
const opened = openIterators(kernel, false);
const { rings } = opened.iterators;
if (typeof rings !== "object") {
  console.log(`SKIP ${rings}`);
  Deno.exit(0);
}

const iterator = rings;

/** Every map of the machine, as the kernel counts them. */
function seenMaps(): number {
  let maps = 0;
  for (let id = 0; (id = nextObjectId(kernel, "map", id)) > 0;) maps++;
  return maps;
}

interface LookCell {
  readonly held: number;
  readonly seen: number;
  readonly records: number;
  /** µs, by round. */
  readonly us: number[];
}

/** Looks at one ring among `held` maps, after so many new records each. */
async function lookCells(held: number): Promise<LookCell[]> {
  await using _ = await Holder.start(held, 0, 0);
  await using producer = await RingProducer.start(1 << 21);
  const collector = new RingCollector(kernel, iterator);
  const cells = RECORDS.map((records): LookCell => ({
    held,
    seen: seenMaps(),
    records,
    us: [],
  }));
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const { records, us } of cells) {
      await producer.tell("once");
      if (records > 0) {
        await producer.tell(`produce 256 ${records} ${records} 0 1`);
      }
      const startedAtMs = kernel.monotonicMs();
      collector.look();
      const spentMs = kernel.monotonicMs() - startedAtMs;
      if (round >= 0) us.push(spentMs * 1e3);
    }
  }
  return cells;
}

/** ns that one record takes its producer. */
async function producedNs(
  producer: RingProducer,
  collector?: RingCollector,
): Promise<number> {
  const startedAtMs = kernel.monotonicMs();
  let endedAtMs = NaN;
  const work = producer.tell(`produce 256 ${TIMED} 1000 0 1`)
    .finally(() => endedAtMs = kernel.monotonicMs());
  await (collector === undefined ? work : looking(collector, work));
  return (endedAtMs - startedAtMs) * 1e6 / TIMED;
}

const cells: LookCell[] = [];
for (const held of HELD) cells.push(...await lookCells(held));

const producing = { without: [] as number[], with: [] as number[] };
let looks = 0;
{
  await using producer = await RingProducer.start(1 << 22);
  await producer.tell("drain 200");
  const collector = new RingCollector(kernel, iterator);
  await producedNs(producer, collector);
  for (let round = 0; round < rounds; round++) {
    // There and back, so that what else the machine does meets both alike.
    producing.with.push(await producedNs(producer, collector));
    producing.without.push(await producedNs(producer));
    producing.without.push(await producedNs(producer));
    producing.with.push(await producedNs(producer, collector));
  }
  looks = collector.looks;
}
opened[Symbol.dispose]();

const lookUs = (held: number, records: number) =>
  median(
    cells.find((cell) => cell.held === held && cell.records === records)?.us ??
      [],
  );
const [most, many] = [HELD[HELD.length - 1], RECORDS[RECORDS.length - 1]];
const perMapUs = (lookUs(most, 0) - lookUs(0, 0)) / most;
const perRecordNs = (lookUs(0, many) - lookUs(0, 0)) * 1e3 / many;
console.log(`One look, median of ${rounds} rounds\n`);
console.log(table(
  ["held", "seen", "new records", "µs", "least µs", "target µs"],
  cells.map(({ held, seen, records, us }) => [
    String(held),
    String(seen),
    String(records),
    median(us).toFixed(0),
    Math.min(...us).toFixed(0),
    (100 + 0.35 * seen + 0.04 * records).toFixed(0),
  ]),
));
console.log(
  `\n${perMapUs.toFixed(3)} µs a map, ${perRecordNs.toFixed(1)} ns a record\n`,
);
console.log(table(
  ["producer", "ns a record, median", "least"],
  [
    ["alone", producing.without] as const,
    [`beside ${looks} looks`, producing.with] as const,
  ].map(([what, ns]) => [
    what,
    median(ns).toFixed(1),
    Math.min(...ns).toFixed(1),
  ]),
));
keepResults("rings", { cells, producing, looks });
