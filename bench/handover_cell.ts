/**
 * Owns one measurement of bench/handover.ts, in a process of its own. In: arguments MODE ROWS HZ SECONDS. Out: one line of
 * JSON: CPU of all threads in % of one core, latencies in ms from the start of the sample to rows read, anonymous memory.
 * @module
 */
// deno-lint-ignore-file no-console -- its stdout is what it is for
import { openLibc } from "../ffi/mod.ts";
import { BlockReader, type RowColumns } from "../workers/columns.ts";
import { median } from "./figures.ts";
import {
  type HandoverMessage,
  type HandoverTask,
  type Mode,
  openRows,
} from "./handover_worker.ts";

export interface Cell {
  readonly cpuPercent: number;
  /** Absent where nothing is handed over. */
  readonly latencyMs?: number;
  readonly ticks: number;
  readonly rssAnonMiB: number;
}

const WARM_UP_MS = 1_500;

/** ns that the threads of this process have run. Source: Documentation/scheduler/sched-stats.rst. */
function cpuNs(): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    const stat = Deno.readTextFileSync(`/proc/self/task/${name}/schedstat`);
    sum += Number(stat.split(" ")[0]);
  }
  return sum;
}

function rssAnonMiB(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(status.match(/^RssAnon:\s+(\d+)/m)?.[1]) / 1024;
}

let sink = 0;

/** Reads every value, as the aggregator does. */
function readAll({ count, ids, births, columns }: RowColumns): void {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += ids[i] + births[i];
  for (const column of columns) {
    for (let i = 0; i < count; i++) sum += column[i];
  }
  sink += sum;
}

async function measure(task: HandoverTask, seconds: number): Promise<Cell> {
  const kernel = openLibc();
  const worker = new Worker(new URL("handover_worker.ts", import.meta.url), {
    type: "module",
  });
  let latencies: number[] = [];
  let reader: BlockReader | undefined;
  worker.onmessage = ({ data }: MessageEvent<HandoverMessage>) => {
    switch (data.kind) {
      case "block":
        reader = new BlockReader(data.buffer);
        return;
      case "tick": {
        const copy = reader?.read();
        if (copy === undefined) throw new Error("Cannot read the block");
        readAll(copy);
        break;
      }
      case "rows":
        readAll(openRows(data.buffer, task.rows));
        worker.postMessage(data.buffer, [data.buffer]);
        break;
    }
    latencies.push(kernel.monotonicMs() - data.startedAtMs);
  };
  worker.postMessage(task);
  const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
  await pause(WARM_UP_MS);
  latencies = [];
  const startNs = cpuNs();
  const startMs = kernel.monotonicMs();
  await pause(seconds * 1e3);
  const ranNs = cpuNs() - startNs;
  const tookMs = kernel.monotonicMs() - startMs;
  worker.terminate();
  return {
    cpuPercent: ranNs / 1e4 / tookMs,
    ...(latencies.length > 0 && { latencyMs: median(latencies) }),
    ticks: latencies.length,
    rssAnonMiB: rssAnonMiB(),
  };
}

if (import.meta.main) {
  const [mode, rows, hz, seconds] = Deno.args;
  const task = {
    mode: mode as Mode,
    rows: Number(rows),
    intervalMs: 1e3 / Number(hz),
  };
  console.log(JSON.stringify(await measure(task, Number(seconds))));
  Deno.exit(Number.isNaN(sink) ? 1 : 0);
}
