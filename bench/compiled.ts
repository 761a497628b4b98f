/**
 * Measures dist/bpfpulse from outside, in an empty environment: its size, the time to the first page with objects and to its
 * end, and its memory with 1,000 maps, programs, links and BTF objects each, with and without MALLOC_ARENA_MAX=1. In:
 * dist/bpfpulse (`deno task compile`); --seconds N (30), how long memory is read once a second after as long. Out: a table,
 * and raw values in bench/results/compiled.json.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { smallBtf } from "../test/kernel/btf.ts";
import { loadBtf } from "../test/kernel/maps.ts";
import { Workshop } from "../test/kernel/workshop.ts";
import { AgentProcess } from "./agent_process.ts";
import { buildC } from "./c_program.ts";
import { keepResults, median, table } from "./figures.ts";
import { LineProcess } from "./line_process.ts";
import { numberFlag } from "./number_flag.ts";

const BINARY = new URL("../dist/bpfpulse", import.meta.url).pathname;
const OF_EACH = 1000;
const STARTS = 9;
const SCRAPE_EVERY_S = 5;
const PORT = 19465;
/** The agent limits glibc's arenas itself; whether the environment still adds something is measured. */
const ENVIRONMENTS: Readonly<Record<string, Record<string, string>>> = {
  empty: {},
  "MALLOC_ARENA_MAX=1": { MALLOC_ARENA_MAX: "1" },
};

interface Times {
  readonly firstMs: number[];
  readonly stopMs: number[];
}

function start(env: Record<string, string>): AgentProcess {
  return new AgentProcess(PORT, [], { path: BINARY, env });
}

async function measureStarts(encoding?: string): Promise<Times> {
  const times: Times = { firstMs: [], stopMs: [] };
  // One start more, not counted, brings the file into the page cache.
  for (let round = 0; round <= STARTS; round++) {
    await using agent = start({});
    const firstMs = await agent.firstPageMs(encoding);
    const stopMs = await agent.stopMs();
    if (round === 0) continue;
    times.firstMs.push(firstMs);
    times.stopMs.push(stopMs);
  }
  return times;
}

/** RssAnon once a second for `seconds`, as long after the start, under a scrape every 5 s. */
async function measureMemory(
  env: Record<string, string>,
  seconds: number,
): Promise<number[]> {
  await using agent = start(env);
  await agent.firstPageMs();
  const rssAnonMb: number[] = [];
  for (let second = 0; second < 2 * seconds; second++) {
    if (second % SCRAPE_EVERY_S === 0) await agent.scrape();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (second >= seconds) rssAnonMb.push(agent.rssAnonMb());
  }
  await agent.stopMs();
  return rssAnonMb;
}

/** What `dist/bpfpulse --version` says, or why it cannot be measured. */
async function versionOf(): Promise<{ version: string } | { missing: string }> {
  try {
    const { stdout } = await new Deno.Command(BINARY, { args: ["--version"] })
      .output();
    return { version: new TextDecoder().decode(stdout).trim() };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { missing: "no dist/bpfpulse: run deno task compile first" };
  }
}

const seconds = numberFlag("--seconds", 30);
const binary = await versionOf();
const hold = buildC("hold", "compiled_load");
for (const needed of [binary, hold]) {
  if (!("missing" in needed)) continue;
  console.log(`SKIP the compiled agent's bench: ${needed.missing}`);
  Deno.exit(0);
}
const { version } = binary as { version: string };
const { path } = hold as { path: string };
const sizeMb = (await Deno.stat(BINARY)).size / 1e6;

// The target of the start is for a machine as it is, that of memory for one with many objects; the start is measured on both.
const startsAlone = await measureStarts("identity");
const startsGzip = await measureStarts();
await using holder = new LineProcess(path, Array(3).fill(`${OF_EACH}`));
await holder.readLine();
using workshop = new Workshop();
for (let i = 0; i < OF_EACH; i++) {
  workshop.need("btf", "BTF", loadBtf(workshop, smallBtf()));
}
const startsLoaded = await measureStarts();
const rssAnonMb: Record<string, number[]> = {};
for (const [name, env] of Object.entries(ENVIRONMENTS)) {
  rssAnonMb[name] = await measureMemory(env, seconds);
}

const rows: [string, readonly number[]][] = [
  ["start to the first page with objects, ms", startsAlone.firstMs],
  ["the same, the page compressed, ms", startsGzip.firstMs],
  [`that beside ${OF_EACH} of each type, ms`, startsLoaded.firstMs],
  ["SIGTERM to the end, ms", startsLoaded.stopMs],
  ...Object.entries(rssAnonMb).map(([name, values]): [string, number[]] => [
    `RssAnon beside ${OF_EACH} of each type, environment ${name}, MB`,
    values,
  ]),
];
console.log(`${version}, ${sizeMb.toFixed(1)} MB\n`);
console.log(
  table(
    ["", "median", "highest"],
    rows.map(([name, values]) => [
      name,
      median(values).toFixed(0),
      Math.max(...values).toFixed(0),
    ]),
  ),
);
keepResults("compiled", {
  version,
  sizeMb,
  ofEach: OF_EACH,
  startsAlone,
  startsGzip,
  startsLoaded,
  seconds,
  rssAnonMb,
});
