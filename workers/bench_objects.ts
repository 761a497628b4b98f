/**
 * Owns objects that are made only to be counted. In: a port, a type, how many. Out: that many, until they are disposed of. They
 * hang by descriptors alone (nothing is pinned or attached to anything that runs), so that they go with the process too.
 * @module
 */
import {
  Assembler,
  Btf,
  BtfError,
  createIteratorLink,
  createMap,
  errnoName,
  Fd,
  type KernelBuffer,
  type KernelPort,
  loadProgram,
  MAP_TYPES,
  PROG_TYPES,
  readBtf,
  TRACE_ITER,
  TRACING,
} from "../ffi/mod.ts";
import type { IteratedType } from "./protocol.ts";

/** At most 15 bytes. */
const NAME = "bpfpulse_bench";
const ITERATED = "bpf_iter_bpf_map";

/**
 * Makes arrays of one entry, socket filters of two instructions, or links of one iterator that does nothing. Answers one sentence
 * where not all can be made; then none is left. Needs CAP_BPF; for links CAP_PERFMON and 5.8 as well.
 */
export function makeObjects(
  kernel: KernelPort,
  type: IteratedType,
  count: number,
): Disposable | string {
  const made: Fd[] = [];
  const dispose = (): void => {
    for (const fd of made.splice(0)) fd[Symbol.dispose]();
  };
  const loaded = type === "link" ? iteratorProgram(kernel) : undefined;
  if (typeof loaded === "string") return `Cannot make links: ${loaded}`;
  // Its links keep it.
  using program = loaded;
  const code = returnZero(kernel);
  for (let i = 0; i < count; i++) {
    const answer = program === undefined
      ? type === "map" ? anArray(kernel) : aFilter(kernel, code)
      : createIteratorLink(kernel, program.number);
    if (answer < 0) {
      const found = made.length;
      dispose();
      return `Cannot make ${count} ${type}s: expected as many, found ${
        errnoName(-answer)
      } after ${found}`;
    }
    made.push(new Fd(kernel, answer));
  }
  return { [Symbol.dispose]: dispose };
}

function anArray(kernel: KernelPort): number {
  return createMap(kernel, {
    type: MAP_TYPES.indexOf("array"),
    keyBytes: 4,
    valueBytes: 8,
    maxEntries: 1,
    name: NAME,
  });
}

function aFilter(kernel: KernelPort, instructions: KernelBuffer): number {
  return loadProgram(kernel, {
    type: PROG_TYPES.indexOf("socket_filter"),
    instructions,
    instructionCount: 2,
    name: NAME,
  });
}

function iteratorProgram(kernel: KernelPort): Fd | string {
  const bytes = readBtf(kernel);
  if (typeof bytes === "number") {
    return `the kernel's BTF cannot be read: ${errnoName(-bytes)}`;
  }
  let attachBtfId: number | undefined;
  try {
    using btf = Btf.scan(bytes, { structs: [], functions: [ITERATED] });
    attachBtfId = btf.functionId(ITERATED);
  } catch (error) {
    if (error instanceof BtfError) return error.message;
    throw error;
  }
  if (attachBtfId === undefined) return "this kernel has no iterators";
  const number = loadProgram(kernel, {
    type: TRACING,
    instructions: returnZero(kernel),
    instructionCount: 2,
    name: NAME,
    expectedAttachType: TRACE_ITER,
    attachBtfId,
  });
  return number < 0
    ? `BPF_PROG_LOAD failed: ${errnoName(-number)}`
    : new Fd(kernel, number);
}

function returnZero(kernel: KernelPort): KernelBuffer {
  const code = new Assembler().move("r0", 0).exit().assemble();
  const buffer = kernel.allocate(code.length);
  buffer.bytes.set(code);
  return buffer;
}
