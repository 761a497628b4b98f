/**
 * Owns the opening of what reads perf buffers. In: a port, the kernel's BTF. Out: a pinned iterator as plain data, or one sentence why there
 * is none. Needs CAP_BPF and CAP_PERFMON, once. Since 5.8; before 5.17, which has bpf_loop(), what came round is not searched.
 * @module
 */
import {
  BPF_F_NO_PREALLOC,
  createMap,
  type ProgramSpec,
  TRACE_ITER,
  TRACING,
} from "../bpf.ts";
import type { Btf } from "../btf/btf.ts";
import { errnoName } from "../errno.ts";
import { Fd } from "../fd.ts";
import { withFunctions } from "../iter/callbacks.ts";
import { Absent } from "../iter/emitter.ts";
import {
  FORMS,
  linkIterator,
  type OpenIterator,
  sentenceOf,
} from "../iter/open.ts";
import type { PinPlace } from "../iter/pins.ts";
import { MAP_TYPES } from "../names.ts";
import { objectId } from "../object_id.ts";
import type { KernelPort } from "../port.ts";
import { pageSize, possibleCpuCount } from "../machine.ts";
import { loadOrRefusal } from "../verifier.ts";
import { MOST_BOUNDED_CPUS, writeBoundedProgram } from "./bounded.ts";
import { PERF_RECORD, STATE, VARIABLE } from "./layout.ts";
import { PERF_FUNCTIONS, writeProgram } from "./program.ts";
import { PerfWriter } from "./writer.ts";
import { instructionsOf } from "../instructions.ts";

/** An enumerator of the kernel's that is there with the helper. */
export const LOOP_ENUMERATOR = "BPF_FUNC_loop";
/** Buffers whose counts are kept; what more there are has none. */
const MOST_KEPT = 4096;

const WHAT_IS_THERE = {
  recordBytes: PERF_RECORD.size,
  fields: Object.keys(PERF_RECORD).filter((name) => name !== "size"),
  absent: {},
};

/** What reads perf buffers; records of PERF_RECORD. Plain data, as OpenIterator. */
export interface PerfIterator extends OpenIterator {
  /** The agent's own maps. */
  readonly mapIds: readonly number[];
  /** The agent's own, which says what the program's functions are; 0 where it has none. */
  readonly btfId: number;
  readonly pageBytes: number;
  /** The kernel counts each lost sample. Since 6.0. */
  readonly isLostExact: boolean;
}

/** How the program's loops are written: as functions that bpf_loop() calls, or with bounds that the verifier walks through. */
export type PerfLoop = "called" | "bounded";

/** @param loop as the kernel allows, unless it is given */
export function openPerfBuffers(
  kernel: KernelPort,
  btf: Btf,
  pins: PinPlace,
  loop: PerfLoop = btf.enumerator(LOOP_ENUMERATOR) === undefined
    ? "bounded"
    : "called",
): PerfIterator | string {
  const attachBtfId = btf.functionId("bpf_iter_bpf_map");
  if (attachBtfId === undefined) return "this kernel has no iterator over maps";
  const page = pageSize(kernel);
  if (page === undefined) return "the size of a page is not known";
  using stack = new DisposableStack();
  const variables = newMap(kernel, stack, "array", 4, VARIABLE.size, 1);
  // The bounded program cannot go over what it keeps: what is gone makes room for what comes.
  const kind = loop === "bounded" ? "lru_hash" : "hash";
  const state = newMap(kernel, stack, kind, 8, STATE.size, MOST_KEPT);
  if (typeof variables === "string") return variables;
  if (typeof state === "string") return state;
  const maps = { variablesFd: variables.fd, stateFd: state.fd };
  let reason = "";
  try {
    for (const form of FORMS) {
      const writer = new PerfWriter(btf, form, maps, page);
      const answer = loop === "bounded"
        ? loadBounded(kernel, writer, attachBtfId)
        : load(kernel, writer, attachBtfId);
      if (typeof answer === "string") {
        reason ||= answer;
        continue;
      }
      const opened = linkIterator(kernel, answer.fd, WHAT_IS_THERE, form);
      if (typeof opened === "string") return opened;
      const pinFd = pins.pin(opened.linkFd);
      return {
        ...opened,
        ...(pinFd < 0 ? {} : { pinFd }),
        mapIds: [variables.id, state.id],
        btfId: answer.btfId,
        pageBytes: page,
        isLostExact: writer.isLostExact,
      };
    }
    return reason;
  } catch (error) {
    if (error instanceof Absent) return error.message;
    throw error;
  }
}

function newMap(
  kernel: KernelPort,
  stack: DisposableStack,
  type: string,
  keyBytes: number,
  valueBytes: number,
  maxEntries: number,
): { fd: number; id: number } | string {
  const number = createMap(kernel, {
    type: MAP_TYPES.indexOf(type),
    keyBytes,
    valueBytes,
    maxEntries,
    name: "bpfpulse_perf",
    flags: type === "hash" ? BPF_F_NO_PREALLOC : 0,
  });
  if (number < 0) return `BPF_MAP_CREATE failed: ${errnoName(-number)}`;
  // The program keeps it.
  const fd = stack.use(new Fd(kernel, number)).number;
  return { fd, id: objectId(kernel, fd) };
}

/** @throws {Absent} */
function load(
  kernel: KernelPort,
  writer: PerfWriter,
  attachBtfId: number,
): { fd: number; btfId: number } | string {
  const spec = specOf(kernel, writeProgram(writer), attachBtfId);
  let btfId = 0;
  const answer = withFunctions(
    kernel,
    writer.asm,
    PERF_FUNCTIONS,
    (functions) => {
      btfId = functions.btfId;
      return loadOrRefusal(kernel, { ...spec, functions });
    },
  );
  if (typeof answer !== "number") return sentenceOf(answer);
  return answer < 0
    ? `BPF_BTF_LOAD failed: ${errnoName(-answer)}`
    : { fd: answer, btfId };
}

/** @throws {Absent} */
function loadBounded(
  kernel: KernelPort,
  writer: PerfWriter,
  attachBtfId: number,
): { fd: number; btfId: number } | string {
  const cpuCount = possibleCpuCount(kernel) ?? MOST_BOUNDED_CPUS;
  if (cpuCount > MOST_BOUNDED_CPUS) {
    return `this kernel has no bpf_loop(), which came with 5.17, and ${cpuCount} CPUs: more than ${MOST_BOUNDED_CPUS}`;
  }
  const code = writeBoundedProgram(writer, cpuCount);
  const answer = loadOrRefusal(kernel, specOf(kernel, code, attachBtfId));
  return typeof answer === "number"
    ? { fd: answer, btfId: 0 }
    : sentenceOf(answer);
}

function specOf(
  kernel: KernelPort,
  code: Uint8Array<ArrayBuffer>,
  attachBtfId: number,
): ProgramSpec {
  return {
    type: TRACING,
    ...instructionsOf(kernel, code),
    name: "bpfpulse_perf",
    expectedAttachType: TRACE_ITER,
    attachBtfId,
  };
}
