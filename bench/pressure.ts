/**
 * Measures /metrics while others hold connections: the agent with 1,000 maps, 1,000 programs and 200 links, and its application on
 * `node:http` and `Deno.serve` side by side. In: optionally the number of scrapes (300). Out: a table, and raw values in
 * bench/results/pressure.json. The load runs in this process, each server in its own.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { buildC } from "./c_program.ts";
import { keepResults, median, table } from "./figures.ts";
import { LineProcess } from "./line_process.ts";
import { type LoadSize, PressureLoad } from "./pressure_load.ts";
import { PressureTarget } from "./pressure_target.ts";
import { pause } from "../test/agent.ts";

const PORT = 19465;
const PAGE_BYTES = 1_000_000;
const PAUSE_MS = 20;
/** The loads take turns, so that what else the machine does falls on all of them. */
const ROUNDS = 3;
const LOADS = [
  { name: "nobody else", idle: 0, slow: 0, stalled: 0 },
  { name: "1,000 idle", idle: 1000, slow: 0, stalled: 0 },
  {
    name: "1,000 idle, 50 slow, 10 stalled",
    idle: 1000,
    slow: 50,
    stalled: 10,
  },
];
/** How long connections that were hung up may take to be gone. */
const SETTLE_MS = 5_000;

/** What was seen of one server under one load, in all rounds. */
interface Row {
  readonly server: string;
  readonly load: string;
  readonly ms: number[];
  /** Of each scrape: what the server's main thread waited for a CPU. */
  readonly waitedMs: number[];
  pageBytes: number;
  /** The highest. */
  rssAnonMb: number;
  readonly filesBefore: number;
  filesAfter: number;
  closedSlow: number;
  closedIdle: number;
}

async function measure(
  name: string,
  target: PressureTarget,
  scrapes: number,
): Promise<Row[]> {
  for (let i = 0; i < 20; i++) await target.scrape();
  const rows = LOADS.map((load): Row => ({
    server: name,
    load: load.name,
    ms: [],
    waitedMs: [],
    pageBytes: 0,
    rssAnonMb: 0,
    filesBefore: target.openFiles(),
    filesAfter: 0,
    closedSlow: 0,
    closedIdle: 0,
  }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, load] of LOADS.entries()) {
      await measureLoad(target, load, scrapes / ROUNDS, rows[i]);
    }
  }
  return rows;
}

/** Adds one round to `row`. */
async function measureLoad(
  target: PressureTarget,
  load: LoadSize,
  scrapes: number,
  row: Row,
): Promise<void> {
  const clients = new PressureLoad(target.port);
  await clients.add(load);
  for (let i = 0; i < scrapes; i++) {
    const waitedBefore = target.waitedMs();
    const page = await target.scrape();
    row.ms.push(page.ms);
    row.waitedMs.push(target.waitedMs() - waitedBefore);
    row.pageBytes = page.text.length;
    row.rssAnonMb = Math.max(row.rssAnonMb, target.rssAnonMb());
    await pause(PAUSE_MS);
  }
  row.closedSlow += clients.closedSlow;
  row.closedIdle += clients.closedIdle;
  clients.hangUp();
  const until = performance.now() + SETTLE_MS;
  while (
    target.openFiles() > row.filesBefore && performance.now() < until
  ) await pause(50);
  row.filesAfter = target.openFiles();
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const scrapes = Number(Deno.args[0] ?? 300);
const rows: Row[] = [];
for (const listener of ["node", "serve"] as const) {
  await using target = await PressureTarget.server(listener, PAGE_BYTES);
  const name = listener === "node" ? "node:http" : "Deno.serve";
  rows.push(...await measure(name, target, scrapes));
}
const hold = buildC("hold", "agent_load");
if ("missing" in hold) {
  console.log(`SKIP the agent under pressure: ${hold.missing}`);
} else {
  await using holder = new LineProcess(hold.path, ["1000", "1000", "200"]);
  await holder.readLine();
  await using target = await PressureTarget.agent(PORT);
  rows.push(...await measure("agent", target, scrapes));
}
console.log(table(
  [
    "server, page, clients beside the scraper",
    "p50 ms",
    "p99 ms",
    "p99 ms without waiting for a CPU",
    "RssAnon, MB",
    "files before, after",
    "slow closed",
    "idle closed",
  ],
  rows.map((row) => [
    `${row.server}, ${(row.pageBytes / 1e6).toFixed(1)} MB, ${row.load}`,
    median(row.ms).toFixed(1),
    percentile(row.ms, 0.99).toFixed(1),
    percentile(row.ms.map((ms, i) => ms - row.waitedMs[i]), 0.99).toFixed(1),
    row.rssAnonMb.toFixed(1),
    `${row.filesBefore}, ${row.filesAfter}`,
    String(row.closedSlow),
    String(row.closedIdle),
  ]),
));
keepResults("pressure", {
  loadAverage: Deno.loadavg(),
  scrapes,
  pauseMs: PAUSE_MS,
  rows,
});
Deno.exit(0);
