/**
 * Measures the metrics page: ours as it is served, ours whole, through gzip, prom-client's own writer, and client_golang,
 * side by side. In: `deno run -A bench/exposition.ts [ROUNDS]`; Go for client_golang, left out with a reason where it is
 * missing. Out: a table, and every raw value in bench/results/exposition.json.
 *
 * Rounds alternate, so that whatever else the machine does meets all sides alike; each side is a process of its own, and
 * ours run with the agent's V8 flags. CPU is that of the whole process, its collector's threads included.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { keepResults, median, table, V8_FLAGS } from "./figures.ts";
import { buildGo } from "./go_program.ts";
import { LineProcess } from "./line_process.ts";

const SERIES = [10_000, 60_000];
const WARM_UP_ROUNDS = 20;
const WRITERS = [
  "stream",
  "render",
  "prom-client",
  "gzip-1",
  "gzip-3",
  "gzip-6",
  "gzip-at-once-1",
  "gzip-at-once-3",
] as const;
const rounds = Number(Deno.args[0] ?? 31);

/** What a side answers. */
interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Absent where nothing else waits for the side's event loop. */
  readonly blockMs?: number;
  readonly bytes: number;
}

interface Row {
  readonly writer: string;
  readonly series: number;
  readonly bytes: number;
  readonly cpuMs: number[];
  readonly wallMs: number[];
  readonly blockMs: number[];
}

interface Side {
  readonly writer: string;
  readonly process: LineProcess;
}

function startDeno(writer: string): Side {
  const script = new URL("exposition_pages.ts", import.meta.url).pathname;
  const args = ["run", "-A", "--no-check", V8_FLAGS, script];
  return { writer, process: new LineProcess(Deno.execPath(), args) };
}

async function measure(
  sides: readonly Side[],
  series: number,
): Promise<Row[]> {
  const costs = new Map<string, Cost[]>();
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const { writer, process } of sides) {
      const answer = await process.ask(`${writer} ${series}`);
      if (round < 0) continue;
      const kept = costs.get(writer) ?? [];
      kept.push(JSON.parse(answer));
      costs.set(writer, kept);
    }
  }
  return Array.from(costs, ([writer, all]): Row => ({
    writer,
    series,
    bytes: all[0].bytes,
    cpuMs: all.map(({ cpuMs }) => cpuMs),
    wallMs: all.map(({ wallMs }) => wallMs),
    blockMs: all.flatMap(({ blockMs }) => blockMs ?? []),
  }));
}

const sides = WRITERS.map(startDeno);
const go = buildGo("go_exposition");
if ("path" in go) {
  sides.push({
    writer: "client_golang",
    process: new LineProcess(go.path, []),
  });
} else console.log(`SKIP client_golang: ${go.missing}`);

const load = Deno.loadavg();
const rows: Row[] = [];
for (const series of SERIES) rows.push(...await measure(sides, series));
for (const { process } of sides) await process[Symbol.asyncDispose]();

const three = (values: readonly number[]) =>
  values.length === 0
    ? "-"
    : [Math.min(...values), median(values), Math.max(...values)]
      .map((value) => value.toFixed(1)).join(" / ");
console.log(
  `Least / median / most of ${rounds} alternating rounds; load ${
    load.map((value) => value.toFixed(1)).join(" ")
  } at the start\n`,
);
console.log(table(
  ["writer", "series", "MB", "CPU ms", "wall ms", "longest block ms"],
  rows.map(({ writer, series, bytes, cpuMs, wallMs, blockMs }) => [
    writer,
    String(series),
    (bytes / 1e6).toFixed(2),
    three(cpuMs),
    three(wallMs),
    three(blockMs),
  ]),
));
keepResults("exposition", { load, rows });
