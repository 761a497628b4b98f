/**
 * Owns the sides of bench/iterate.ts in one process, with the agent's own collectors. In: argument `map|program|link`, and on stdin
 * `empty|read|sample|walk PASSES` a line. Out: `NANOSECONDS OBJECTS` a line; `empty` sees none, for its program writes nothing.
 * @module
 */
// deno-lint-ignore-file no-console -- its stdout is what it is for
import {
  Assembler,
  Btf,
  createIteratorLink,
  iterationsOf,
  IteratorSession,
  loadProgram,
  openLibc,
  readBtf,
  TRACE_ITER,
  TRACING,
} from "../ffi/mod.ts";
import type { Collector } from "../workers/collector.ts";
import { openIterators } from "../workers/iterators.ts";
import { collectLinks } from "../workers/links/collect.ts";
import { collectMaps } from "../workers/maps/collect.ts";
import { collectPrograms } from "../workers/programs/collect.ts";
import type { CollectInit, IteratedType } from "../workers/protocol.ts";

const COLLECT = {
  map: collectMaps,
  program: collectPrograms,
  link: collectLinks,
} as const;
const TARGETS = { map: "bpf_map", program: "bpf_prog", link: "bpf_link" };

const kind = Deno.args[0] as IteratedType;
const kernel = openLibc();
using opened = openIterators(kernel, false);
const { iterators } = opened;
const leaveOut = { map: [], program: [], link: [], btf: [] };

/** An iterator whose program does nothing: what the kernel's own iteration costs. */
function emptySession(): IteratorSession {
  const bytes = readBtf(kernel);
  if (typeof bytes === "number") throw new Error("Cannot read the BTF");
  const name = `bpf_iter_${TARGETS[kind]}`;
  using btf = Btf.scan(bytes, { structs: [], functions: [name] });
  const code = new Assembler().move("r0", 0).exit().assemble();
  const instructions = kernel.allocate(code.length);
  instructions.bytes.set(code);
  const program = loadProgram(kernel, {
    type: TRACING,
    instructions,
    instructionCount: code.length / 8,
    expectedAttachType: TRACE_ITER,
    attachBtfId: btf.functionId(name) ?? 0,
  });
  const link = createIteratorLink(kernel, program);
  if (link < 0) throw new Error(`Cannot link the empty iterator: ${link}`);
  return new IteratorSession(kernel, iterationsOf(kernel, { linkFd: link }), 8);
}

function sampler(init: CollectInit): () => number {
  const collector: Collector = COLLECT[kind](kernel, init);
  const [table] = collector.tables;
  return () => {
    const { failure } = table.sample();
    if (failure !== undefined) {
      throw new Error(`Cannot sample: ${failure.call}: ${failure.errno}`);
    }
    table.rows.takeBirths();
    return table.rows.columns.count;
  };
}

function reader(session: IteratorSession): () => number {
  return () => {
    const failure = session.run();
    if (failure !== undefined) {
      throw new Error(`Cannot read: ${failure.call}: ${failure.errno}`);
    }
    return session.count;
  };
}

const own = iterators[kind];
if (typeof own === "string") throw new Error(`Cannot iterate: ${own}`);
const sides: Readonly<Record<string, () => number>> = {
  empty: reader(emptySession()),
  read: reader(
    new IteratorSession(
      kernel,
      iterationsOf(kernel, own.tick),
      own.tick.recordBytes,
    ),
  ),
  sample: sampler({ leaveOut, iterators }),
  walk: sampler({ leaveOut }),
};

const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
for await (const line of input) {
  const [side, passes] = line.trim().split(" ");
  let objects = 0;
  const start = performance.now();
  for (let left = Number(passes); left > 0; left--) objects = sides[side]();
  const ns = Math.round((performance.now() - start) * 1e6);
  console.log(`${ns} ${objects}`);
}
