/**
 * Makes metrics pages when asked, and says what each cost: one line in, one line of JSON out. In: lines of
 * `WRITER SERIES`, WRITER one of `stream` (ours, as it is served), `render` (ours, whole), `prom-client`, `gzip-LEVEL`
 * (`stream` through gzip), `gzip-at-once-LEVEL` (gzip alone). Out: for each, CPU and wall ms of the whole process, the
 * longest time that the event loop had to wait, and bytes. `exposition.ts` runs it with the agent's V8 flags.
 * @module
 */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createGzip, gzipSync } from "node:zlib";
import process from "node:process";
import { setImmediate } from "node:timers";
import { Exposition } from "../src/metrics/exposition.ts";
import {
  aLink,
  aMap,
  aProgram,
  aSnapshot,
  someFacts,
} from "../test/state_builders.ts";
import { aCollector } from "../test/state_builders.ts";
import type { NodeSnapshot } from "../src/state/node_state.ts";

/** Series of one map, one program and one link. */
const SERIES_OF_EACH = 3 + 9 + 1;

/** A node with about this many series, ids as high as a busy node has them. */
function aNode(series: number): NodeSnapshot {
  const size = Math.round(series / SERIES_OF_EACH);
  const ids = Array.from({ length: size }, (_, row) => 100_000 + row);
  const column = (scale: number) => ids.map((id) => Math.floor(id * scale));
  return aSnapshot({
    map: { descriptions: ids.map((id) => aMap({ id, maxEntries: id })) },
    program: {
      descriptions: ids.map((id) =>
        aProgram({ id, jitedBytes: id, btfId: id, fullName: "on_switch_long" })
      ),
      columns: {
        runTimeNs: column(1e9 / 3),
        runCount: column(7),
        recursionMisses: column(0),
        cpuRatio: ids.map((id) => 1 / id),
        cpuRatioMax: ids.map((id) => 2 / (id + 1)),
      },
    },
    link: { descriptions: ids.map((id) => aLink({ id, programId: id })) },
  });
}

/** A copy with counters and ratios moved on, as each sample moves them: no number is written twice. */
function next(snapshot: NodeSnapshot): NodeSnapshot {
  const { program } = snapshot.tables;
  const columns = {
    runTimeNs: program.columns.runTimeNs.map((ns) => ns + 12_345_679),
    runCount: program.columns.runCount.map((runs) => runs + 1_013),
    recursionMisses: program.columns.recursionMisses.slice(),
    cpuRatio: program.columns.cpuRatio.map((ratio) => ratio * 1.0001),
    cpuRatioMax: program.columns.cpuRatioMax.map((ratio) => ratio * 1.0001),
  };
  return { tables: { ...snapshot.tables, program: { ...program, columns } } };
}

interface Node {
  readonly exposition: Exposition;
  /** Moves the node on by one sample. */
  sample(): void;
}

function makeNode(series: number): Node {
  let snapshot = aNode(series);
  const exposition = new Exposition({
    state: { freeze: () => snapshot },
    collectors: () =>
      (["maps", "programs", "links"] as const).map((name) =>
        aCollector({ name })
      ),
    processUsage: () => ({ cpuUserSeconds: 1, cpuSystemSeconds: 2 }),
    facts: someFacts(),
    limits: { maps: 1000, programs: 1000, links: 1000 },
    systemStats: true,
    clock: {
      monotonicMs: () => performance.now(),
      unixMs: () => Date.now(),
      after: () => () => {},
    },
  });
  return { exposition, sample: () => snapshot = next(snapshot) };
}

/** The longest time between two turns of the event loop while `work` ran. */
async function longestBlockMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let running = true;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(look);
  };
  setImmediate(look);
  await work();
  look();
  running = false;
  return longest;
}

async function timed<T>(
  work: () => Promise<T>,
): Promise<{ cpuMs: number; wallMs: number; result: T }> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = await work();
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1e3, wallMs, result };
}

function byteLength(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

async function render({ exposition, sample }: Node): Promise<unknown> {
  sample();
  const { cpuMs, wallMs, result } = await timed(() =>
    exposition.render("prometheus")
  );
  sample();
  const blockMs = await longestBlockMs(() => exposition.render("prometheus"));
  return { cpuMs, wallMs, blockMs, bytes: byteLength(result) };
}

/** The page as it is served: chunk by chunk, none of them kept. */
async function stream({ exposition, sample }: Node): Promise<unknown> {
  const page = async () => {
    let bytes = 0;
    for await (const chunk of exposition.stream("prometheus")) {
      bytes += chunk.length;
    }
    return bytes;
  };
  sample();
  const { cpuMs, wallMs, result: bytes } = await timed(page);
  sample();
  return { cpuMs, wallMs, blockMs: await longestBlockMs(page), bytes };
}

async function promClient({ exposition, sample }: Node): Promise<unknown> {
  const page = async () =>
    new TextEncoder().encode(await exposition.registry.metrics());
  sample();
  const { cpuMs, wallMs, result } = await timed(page);
  return { cpuMs, wallMs, blockMs: wallMs, bytes: result.length };
}

/** A page of `stream` through gzip, chunk by chunk, as it is served to those who take it. */
function gzip(level: number): (node: Node) => Promise<unknown> {
  return async ({ exposition, sample }) => {
    const page = async () => {
      const compressed = createGzip({ level });
      let bytes = 0;
      compressed.on("data", (chunk: Uint8Array) => bytes += chunk.length);
      const ended = once(compressed, "end");
      for await (const chunk of exposition.stream("prometheus")) {
        await new Promise((resolve) => compressed.write(chunk, resolve));
      }
      compressed.end();
      await ended;
      return bytes;
    };
    sample();
    const { cpuMs, wallMs, result: bytes } = await timed(page);
    sample();
    return { cpuMs, wallMs, blockMs: await longestBlockMs(page), bytes };
  };
}

/** The whole page in one call of the compressor. */
function gzipAtOnce(level: number): (node: Node) => Promise<unknown> {
  return async ({ exposition, sample }) => {
    sample();
    const page = Buffer.concat(await exposition.render("prometheus"));
    const { cpuMs, wallMs, result } = await timed(() =>
      Promise.resolve(gzipSync(page, { level }))
    );
    return { cpuMs, wallMs, blockMs: wallMs, bytes: result.length };
  };
}

const WRITERS: Readonly<Record<string, (node: Node) => Promise<unknown>>> = {
  render,
  stream,
  "prom-client": promClient,
  "gzip-1": gzip(1),
  "gzip-3": gzip(3),
  "gzip-6": gzip(6),
  "gzip-at-once-1": gzipAtOnce(1),
  "gzip-at-once-3": gzipAtOnce(3),
};
const nodes = new Map<string, Node>();
let pending = "";
for await (
  const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
) {
  pending += text;
  const lines = pending.split("\n");
  pending = lines.pop() ?? "";
  for (const line of lines) {
    const [writer, series] = line.split(" ");
    const node = nodes.get(series) ?? makeNode(Number(series));
    nodes.set(series, node);
    const answer = JSON.stringify(await WRITERS[writer](node));
    await Deno.stdout.write(new TextEncoder().encode(`${answer}\n`));
  }
}
