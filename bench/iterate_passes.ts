/**
 * Owns our sides of bench/iterate.ts in one process, with the agent's own collectors. In: argument `map|program|link`, and on stdin
 * `SIDE PASSES` a line, or `program`. Out: `NANOSECONDS OBJECTS CPU_NANOSECONDS BIRTHS` a line; `empty` sees no objects, for its
 * program writes nothing. `program` writes the tick program and answers `FILE ATTACH_BTF_ID RECORD_BYTES VALUE_BYTES`.
 * @module
 */
// deno-lint-ignore-file no-console -- its stdout is what it is for
import process from "node:process";
import { iterationsOf, IteratorSession, openLibc } from "../ffi/mod.ts";
import { makeObjects } from "../workers/bench_objects.ts";
import type { Collector } from "../workers/collector.ts";
import { openIterators } from "../workers/iterators.ts";
import { collectLinks } from "../workers/links/collect.ts";
import { collectMaps } from "../workers/maps/collect.ts";
import { collectPrograms } from "../workers/programs/collect.ts";
import {
  type CollectInit,
  type IteratedType,
  NO_IDS,
} from "../workers/protocol.ts";
import { emptySession, writeTickProgram } from "./iterate_program.ts";

const COLLECT = {
  map: collectMaps,
  program: collectPrograms,
  link: collectLinks,
} as const;

const kind = Deno.args[0] as IteratedType;
const kernel = openLibc();
using opened = openIterators(kernel, false);
const { iterators } = opened;
const own = iterators[kind];
if (typeof own === "string") throw new Error(`Cannot iterate: ${own}`);
const { tick } = own;

/** Objects of one pass, and how many of them were new. */
interface Seen {
  readonly objects: number;
  readonly births: number;
}

function sampler(init: CollectInit): () => Seen {
  const collector: Collector = COLLECT[kind](kernel, init);
  const [table] = collector.tables;
  return () => {
    const { failure } = table.sample();
    if (failure !== undefined) {
      throw new Error(`Cannot sample: ${failure.call}: ${failure.errno}`);
    }
    const births = table.rows.takeBirths()?.descriptions.length ?? 0;
    return { objects: table.rows.columns.count, births };
  };
}

function reader(session: IteratorSession): () => Seen {
  return () => {
    const failure = session.run();
    if (failure !== undefined) {
      throw new Error(`Cannot read: ${failure.call}: ${failure.errno}`);
    }
    return { objects: session.count, births: 0 };
  };
}

const sample = sampler({ leaveOut: NO_IDS, iterators });
const sides: Readonly<Record<string, () => Seen>> = {
  empty: reader(emptySession(kernel, kind)),
  read: reader(
    new IteratorSession(
      kernel,
      iterationsOf(kernel, tick),
      tick.recordBytes,
    ),
  ),
  sample,
  birth: sample,
  walk: sampler({ leaveOut: NO_IDS }),
};

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

let newborn: Disposable | undefined;
/** One new object in the place of the last one. */
function bear(): void {
  newborn?.[Symbol.dispose]();
  const made = makeObjects(kernel, kind, 1);
  if (typeof made === "string") throw new Error(made);
  newborn = made;
}

const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
for await (const line of input) {
  const [side, passes] = line.trim().split(" ");
  if (side === "program") {
    const program = writeTickProgram(kernel, kind, tick);
    console.log(
      `${program.path} ${program.attachBtfId} ${program.recordBytes} ${program.valueBytes}`,
    );
    continue;
  }
  // What was born or ended since this side's last turn is none of this turn's.
  sides[side]();
  let ns = 0;
  let cpuNs = 0;
  let objects = 0;
  let births = 0;
  const perTurn = side === "birth" ? 1 : Number(passes);
  for (let done = 0; done < Number(passes); done += perTurn) {
    if (side === "birth") bear();
    const cpu = cpuUs();
    const start = performance.now();
    for (let left = perTurn; left > 0; left--) {
      const seen = sides[side]();
      objects = seen.objects;
      births += seen.births;
    }
    ns += (performance.now() - start) * 1e6;
    cpuNs += (cpuUs() - cpu) * 1e3;
  }
  console.log(
    `${Math.round(ns)} ${objects} ${Math.round(cpuNs)} ${births}`,
  );
}
