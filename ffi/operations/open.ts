/**
 * Owns the making of what counts bpf() operations: maps, the programs of a hook, and the iterator that drains the counts. In: a port,
 * the kernel's BTF, a hook, a place for pins. Out: plain data whose descriptors keep their numbers across execve(2), with nothing
 * attached yet; or one sentence why there is none. Needs CAP_BPF and CAP_PERFMON.
 * @module
 */
import { createMap, type ProgramSpec, TRACE_FEXIT, TRACING } from "../bpf.ts";
import type { Btf } from "../btf/btf.ts";
import { errnoName } from "../errno.ts";
import { Absent } from "../iter/emitter.ts";
import { learnFileKinds } from "../iter/file_kinds.ts";
import { type OpenIterator, openProgram } from "../iter/open.ts";
import { pinned, type PinPlace } from "../iter/pins.ts";
import type { Form } from "../iter/table.ts";
import { MAP_TYPES, PROG_TYPES } from "../names.ts";
import { objectId } from "../object_id.ts";
import { OpenTogether } from "../open_together.ts";
import type { KernelPort } from "../port.ts";
import { loadOrRefusal } from "../verifier.ts";
import { type CountingPrograms, programFds } from "./attach.ts";
import {
  compileCheck,
  compileEnter,
  compileExit,
  type CountParts,
} from "./count_program.ts";
import { drainPlan } from "./drain_program.ts";
import { attachTypeId, type Hook, type Moment } from "./entry.ts";
import {
  MOST_LOADS,
  MOST_ROWS,
  type OperationMaps,
  ROW,
  STATE,
} from "./layout.ts";
import { instructionsOf } from "../instructions.ts";

/** `enum bpf_attach_type` */
const TRACE_RAW_TP = 23;
const TRACE_FENTRY = 24;
const LSM_MAC = 27;
const COMPILERS = {
  enter: compileEnter,
  exit: compileExit,
  check: compileCheck,
} as const;
const FORMS: readonly Form[] = ["typed", "probe"];

/** What counts, once it is attached. Plain data. */
export interface OpenOperations extends CountingPrograms {
  readonly hook: Hook;
  /** A map of the programs, of one element. */
  readonly stateFd: number;
  readonly drain: OpenIterator;
  /** The agent's own objects. */
  readonly mapIds: readonly number[];
  readonly programIds: readonly number[];
}

export function openOperations(
  kernel: KernelPort,
  btf: Btf,
  hook: Hook,
  pins: PinPlace,
): OpenOperations | string {
  const kinds = learnFileKinds(kernel, btf, pins);
  if (typeof kinds === "string") return kinds;
  const { map: mapRelease } = kinds.release;
  if (mapRelease === undefined) return "descriptors of maps cannot be told";
  const open = new OpenTogether(kernel);
  const maps: OperationMaps = {
    rows: open.keep(createRows(kernel)),
    starts: open.keep(createStarts(kernel)),
    state: open.keep(createState(kernel)),
  };
  const refused = Object.values(maps).find((fd) => fd < 0);
  if (refused !== undefined) {
    return open.giveUp(`BPF_MAP_CREATE failed: ${errnoName(-refused)}`);
  }
  const programs = loadAll(kernel, { btf, hook, maps, mapRelease });
  if (typeof programs === "string") return open.giveUp(programs);
  for (const fd of programFds(programs)) open.keep(fd);
  const drain = pinned(
    openProgram(kernel, btf, drainPlan(kernel, btf, maps)),
    pins,
  );
  if (typeof drain === "string") return open.giveUp(drain);
  const mapIds = Object.values(maps).map((fd) => objectId(kernel, fd));
  // The programs and the iterator keep them.
  kernel.close(maps.rows);
  kernel.close(maps.starts);
  return {
    hook,
    ...programs,
    stateFd: maps.state,
    drain,
    mapIds,
    programIds: programFds(programs).map((fd) => objectId(kernel, fd)),
  };
}

function loadAll(
  kernel: KernelPort,
  parts: Omit<CountParts, "form">,
): CountingPrograms | string {
  const moments: readonly Moment[] = parts.hook === "lsm"
    ? ["exit", "enter", "check"]
    : ["exit", "enter"];
  let reason = "";
  for (const form of FORMS) {
    const fds: number[] = [];
    for (const moment of moments) {
      const answer = load(kernel, { ...parts, form }, moment);
      if (typeof answer === "string") {
        reason ||= answer;
        break;
      }
      fds.push(answer);
    }
    if (fds.length === moments.length) {
      const [exitFd, enterFd, checkFd] = fds;
      return { enterFd, exitFd, ...(checkFd === undefined ? {} : { checkFd }) };
    }
    for (const fd of fds) kernel.close(fd);
  }
  return reason;
}

/** `enum bpf_attach_type` of a program. */
function attachTypeOf(hook: Hook, moment: Moment): number {
  if (moment === "check") return LSM_MAC;
  if (hook === "tracepoint") return TRACE_RAW_TP;
  return moment === "enter" ? TRACE_FENTRY : TRACE_FEXIT;
}

function load(
  kernel: KernelPort,
  parts: CountParts,
  moment: Moment,
): number | string {
  const { btf, hook } = parts;
  try {
    const code = COMPILERS[moment](parts);
    const spec: ProgramSpec = {
      type: moment === "check" ? PROG_TYPES.indexOf("lsm") : TRACING,
      ...instructionsOf(kernel, code),
      name: `bpfpulse_${moment}`,
      expectedAttachType: attachTypeOf(hook, moment),
      attachBtfId: attachTypeId(btf, hook, moment),
    };
    const answer = loadOrRefusal(kernel, spec);
    return typeof answer === "number" ? answer : answer.reason;
  } catch (error) {
    if (error instanceof Absent) return error.message;
    throw error;
  }
}

function createRows(kernel: KernelPort): number {
  return createMap(kernel, {
    type: MAP_TYPES.indexOf("hash"),
    keyBytes: ROW.keyBytes,
    valueBytes: ROW.valueBytes,
    maxEntries: MOST_ROWS,
    name: "bpfpulse_ops",
  });
}

/** Threads that end within a load leave theirs behind: the oldest make room. */
function createStarts(kernel: KernelPort): number {
  return createMap(kernel, {
    type: MAP_TYPES.indexOf("lru_hash"),
    keyBytes: 8,
    valueBytes: 8,
    maxEntries: MOST_LOADS,
    name: "bpfpulse_loads",
  });
}

function createState(kernel: KernelPort): number {
  return createMap(kernel, {
    type: MAP_TYPES.indexOf("array"),
    keyBytes: 4,
    valueBytes: STATE.bytes,
    maxEntries: 1,
    name: "bpfpulse_state",
  });
}
