/**
 * Owns how much a tick of the maps worker grows with looks at buffers beside it. In: a kernel, iterators. Out: durations of ticks, as the
 * worker tells them, with looks and without, in windows by turns. The ticks run as in the worker, but for messages, which are cloned as if
 * they were sent.
 * @module
 */
import type { KernelPort } from "../ffi/mod.ts";
import { PerfOwner } from "../test/kernel/perf_buffers.ts";
import { RingProducer } from "../test/kernel/rings.ts";
import { collectMaps } from "../workers/maps/collect.ts";
import {
  type Iterators,
  NO_IDS,
  PROTOCOL_VERSION,
} from "../workers/protocol.ts";
import { CollectorRun } from "../workers/runtime.ts";
import { lowerQuarter, median, table } from "./figures.ts";

const INTERVAL_MS = 100;
const TICKS_A_WINDOW = 10;
const WARM_UP = 3;

/** ms of each tick. */
export interface TickTimes {
  readonly without: number[];
  readonly with: number[];
  /** Of one more series without looks, by turns too: what two equal ones differ by. */
  readonly again: number[];
}

async function ticksMs(
  kernel: KernelPort,
  iterators: Iterators,
  withLooks: boolean,
): Promise<number[]> {
  const collector = collectMaps(kernel, { leaveOut: NO_IDS, iterators });
  const { backend, backendReason, tables } = collector;
  const durationsMs: number[] = [];
  const done = Promise.withResolvers<void>();
  const tell = (durationMs: number) => {
    durationsMs.push(durationMs);
    if (durationsMs.length === TICKS_A_WINDOW + WARM_UP) done.resolve();
  };
  const run = new CollectorRun(
    {
      kernel,
      post: (message) => {
        const { kind, ...rest } = structuredClone(message);
        if (kind === "sampled" && "durationMs" in rest) tell(rest.durationMs);
      },
      after: (delayMs, callback) => {
        const timer = setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
      beat: ({ durationMs }) => {
        tell(durationMs);
        return true;
      },
    },
    {
      version: PROTOCOL_VERSION,
      kind: "init",
      epoch: 1,
      intervalMs: INTERVAL_MS,
      leaveOut: NO_IDS,
      iterators,
    },
    withLooks ? collector : { backend, backendReason, tables },
  );
  await done.promise;
  run.stop();
  return durationsMs.slice(WARM_UP, WARM_UP + TICKS_A_WINDOW);
}

/** Beside a ring and a perf buffer to which something is written all the time. */
export async function measureTicks(
  kernel: KernelPort,
  iterators: Iterators,
  windows: number,
): Promise<TickTimes> {
  await using producer = await RingProducer.start(1 << 22);
  await using owner = await PerfOwner.start(1, 1, 64);
  await producer.tell("drain 1000");
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      await producer.tell("produce 256 10000 100 1000 1");
      await owner.ask("run", 0, 0, 100, 40, 10);
    }
  })();
  const times: TickTimes = { without: [], with: [], again: [] };
  for (let window = 0; window < windows; window++) {
    // There and back, so that what else the machine does meets all alike.
    for (const side of ["without", "with", "again", "with"] as const) {
      const ms = await ticksMs(kernel, iterators, side === "with");
      times[side].push(...ms);
    }
  }
  isOver = true;
  await writing;
  return times;
}

export function ticksTable({ without, with: looks, again }: TickTimes): string {
  const base = median(without);
  return table(
    [
      "tick of the maps worker",
      "ticks",
      "µs, median",
      "lower quarter",
      "more, %",
    ],
    ([
      ["without looks", without],
      ["with looks at rings and perf buffers", looks],
      ["without looks, again", again],
    ] as const).map(([what, ms]) => [
      what,
      String(ms.length),
      (median(ms) * 1e3).toFixed(0),
      (lowerQuarter(ms) * 1e3).toFixed(0),
      (100 * (median(ms) / base - 1)).toFixed(1),
    ]),
  );
}
