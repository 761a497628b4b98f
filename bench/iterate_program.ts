/**
 * Owns iterator programs outside the agent: the very instructions of a tick program, for another loader, and an iterator whose
 * program does nothing. In: a port and a type. Out: a file of instructions with what its loader needs; an open link.
 * @module
 */
import { compile } from "../ffi/iter/compile.ts";
import {
  AHEAD_BYTES,
  AheadMap,
  Assembler,
  Btf,
  CALIBRATION_STRUCTS,
  callsOf,
  createIteratorLink,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  LINK_TICK,
  loadProgram,
  MAP_TICK,
  type OpenIterator,
  perCpuBases,
  PROGRAM_TICK,
  readBtf,
  structsOf,
  TRACE_ITER,
  TRACING,
} from "../ffi/mod.ts";
import type { IteratedType } from "../workers/protocol.ts";

const TABLES = { map: MAP_TICK, program: PROGRAM_TICK, link: LINK_TICK };

/** What another loader needs. */
export interface WrittenProgram {
  /** Of `struct bpf_insn`. */
  readonly path: string;
  readonly attachBtfId: number;
  readonly recordBytes: number;
  /** Of the map that its loader must make where the program has one: an array of one element. */
  readonly valueBytes: number;
}

/** Compiles the tick program as it was compiled for `opened`, and writes it to bench/build/. */
export function writeTickProgram(
  kernel: KernelPort,
  type: IteratedType,
  opened: OpenIterator,
): WrittenProgram {
  const table = TABLES[type];
  using btf = scan(kernel, [...structsOf(table), ...CALIBRATION_STRUCTS], [
    `bpf_iter_${table.target}`,
    "bpf_iter_bpf_map",
    "bpf_rdonly_cast",
    ...callsOf(table),
  ]);
  const bases = perCpuBases(kernel, btf);
  using ahead = new AheadMap(kernel, btf);
  const { code, recordBytes } = compile(btf, table, {
    form: opened.form,
    without: new Set(Object.keys(opened.absent)),
    perCpu: { bases: typeof bases === "string" ? [] : bases },
    aheadFd: ahead.mapFd,
  });
  if (recordBytes !== opened.recordBytes) {
    throw new Error("Cannot write the program: it is not the one that is open");
  }
  const path = new URL(`build/tick_${type}.insns`, import.meta.url).pathname;
  Deno.writeFileSync(path, code);
  const attachBtfId = btf.functionId(`bpf_iter_${table.target}`) ?? 0;
  return { path, attachBtfId, recordBytes, valueBytes: AHEAD_BYTES };
}

/** What the kernel's own iteration costs. */
export function emptySession(
  kernel: KernelPort,
  type: IteratedType,
): IteratorSession {
  const name = `bpf_iter_${TABLES[type].target}`;
  using btf = scan(kernel, [], [name]);
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

function scan(
  kernel: KernelPort,
  structs: readonly string[],
  functions: readonly string[],
): Btf {
  const bytes = readBtf(kernel);
  if (typeof bytes === "number") throw new Error("Cannot read the BTF");
  return Btf.scan(bytes, {
    structs: [...new Set(structs)],
    functions: [...new Set(functions)],
  });
}
