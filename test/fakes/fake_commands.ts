/**
 * Owns what each bpf() command of the fake kernel does, but for making objects (fake_create.ts). In: the kernel's state and
 * the decoded attribute. Out: a descriptor, 0 or -errno. `end` is where a command's last used field ends: a byte beyond it
 * that is not zero is refused, as CHECK_ATTR() does. Source: kernel/bpf/syscall.c.
 * @module
 */
import type { ObjectKind } from "../../ffi/bpf.ts";
import {
  EBADFD,
  EFAULT,
  EINVAL,
  ENOENT,
  ENOTSUPP,
  EPERM,
} from "../../ffi/errno.ts";
import {
  bindMap,
  createMap,
  loadProgram,
  objectOf,
  openRawTracepoint,
} from "./fake_create.ts";
import type { FakeFds } from "./fake_fds.ts";
import { fillInfo } from "./fake_info.ts";
import { createIterator, createLink } from "./fake_iteration.ts";
import { type FakePins, pinObject } from "./fake_pins.ts";
import type { FakeMemory } from "./fake_memory.ts";
import type { FakeObject, ObjectTable } from "./fake_objects.ts";

/** What the commands see and change. */
export interface KernelState {
  readonly memory: FakeMemory;
  readonly fds: FakeFds;
  readonly tables: Readonly<Record<ObjectKind, ObjectTable>>;
  readonly infoBytes: Readonly<Record<ObjectKind, number>>;
  readonly tracepoints: ReadonlySet<string>;
  readonly privileged: boolean;
  readonly statsEnabled: boolean;
  /** What one run of a program takes. */
  readonly runNs: number;
  /** What statistics add to a run; part of it is in the run time that they tell. */
  readonly statsCostNs: number;
  readonly statsFloorNs: number;
  /** The kernel's own type information; undefined: it was built without. */
  readonly kernelBtf: Uint8Array | undefined;
  /** Possible CPUs. */
  readonly cpus: number;
  /** Names of fields that iterators do not write, for the verifier refuses them. */
  readonly refusedFields: ReadonlySet<string>;
  readonly pins: FakePins;
  /** There is a bpffs at /sys/fs/bpf. */
  readonly bpffsMounted: boolean;
  /** What the verifier has against a program. */
  readonly verifier?:
    | ((code: Uint8Array, name: string) => string | undefined)
    | undefined;
  monotonicMs(): number;
  forget(object: FakeObject): void;
}

/** A command's attribute: what it holds, and where answers go. */
export interface Attribute {
  /** As long as `union bpf_attr`, zero beyond what was passed. */
  readonly view: DataView;
  /** Bytes of it that were passed. */
  readonly size: number;
  /** Writes into the caller's attribute. */
  answer(offset: number, value: number): void;
}

export interface Command {
  readonly end: number;
  /** Answers EPERM without privilege, after the attribute's form was checked. */
  readonly privileged: boolean;
  run(state: KernelState, attribute: Attribute): number;
}

const INT_MAX = 0x7fff_ffff;
/** Types whose test run wants a packet: socket_filter, sched_cls, sched_act, xdp, cgroup_skb, lwt_in, _out, _xmit. */
const PACKET_TYPES = new Set([1, 3, 4, 6, 8, 10, 11, 12]);
const ETHERNET_HEADER_BYTES = 14;

/** By number in `enum bpf_cmd`. */
export const COMMANDS: ReadonlyMap<number, Command> = new Map([
  [0, { end: 92, privileged: true, run: createMap }],
  [2, { end: 32, privileged: false, run: updateElement }],
  [5, { end: 168, privileged: true, run: loadProgram }],
  [6, { end: 20, privileged: true, run: pinObject }],
  [10, { end: 76, privileged: false, run: testRun }],
  [11, nextId("program")],
  [12, nextId("map")],
  [13, fdById("program", 4)],
  [14, fdById("map", 12)],
  [15, { end: 16, privileged: false, run: objectInfo }],
  [17, { end: 24, privileged: false, run: openRawTracepoint }],
  [19, fdById("btf", 16)],
  [23, nextId("btf")],
  [28, { end: 64, privileged: false, run: createLink }],
  [30, fdById("link", 4)],
  [31, nextId("link")],
  [32, { end: 4, privileged: true, run: enableStats }],
  [33, { end: 8, privileged: false, run: createIterator }],
  [35, { end: 12, privileged: false, run: bindMap }],
]);

function nextId(kind: ObjectKind): Command {
  return {
    end: 8,
    // The form of the id is checked before the privilege.
    privileged: false,
    run(state, { view, answer }): number {
      const after = view.getUint32(0, true);
      if (after >= INT_MAX) return -EINVAL;
      if (!state.privileged) return -EPERM;
      const id = state.tables[kind].idAfter(after);
      if (id === undefined) return -ENOENT;
      answer(4, id);
      return 0;
    },
  };
}

function fdById(kind: ObjectKind, end: number): Command {
  return {
    end,
    privileged: true,
    run(state, { view }): number {
      const object = state.tables[kind].get(view.getUint32(0, true));
      if (!object) return -ENOENT;
      if (object.vanishes) {
        state.forget(object);
        return -ENOENT;
      }
      return state.fds.open({ kind: "object", object });
    },
  };
}

function objectInfo(state: KernelState, attribute: Attribute): number {
  const { view, answer } = attribute;
  const handle = state.fds.get(view.getUint32(0, true));
  if (!handle) return -EBADFD;
  if (handle.kind !== "object") return -EINVAL;
  const result = fillInfo(handle.object, {
    memory: state.memory,
    address: Number(view.getBigUint64(8, true)),
    askedBytes: view.getUint32(4, true),
    knownBytes: state.infoBytes[handle.object.kind],
    privileged: state.privileged,
  });
  if (result < 0) return result;
  answer(4, result);
  return 0;
}

/** Nothing looks at what maps hold. */
function updateElement(state: KernelState, { view }: Attribute): number {
  const map = objectOf(state, view.getUint32(0, true), "map");
  return typeof map === "number" ? map : 0;
}

function enableStats(state: KernelState, { view }: Attribute): number {
  if (view.getUint32(0, true) !== 0) return -EINVAL;
  return state.fds.open({ kind: "stats" });
}

function testRun(state: KernelState, { view, answer }: Attribute): number {
  const program = objectOf(state, view.getUint32(0, true), "program");
  if (typeof program === "number") return program;
  if (!PACKET_TYPES.has(program.view.getUint32(0, true))) return -ENOTSUPP;
  const inputBytes = view.getUint32(8, true);
  if (inputBytes < ETHERNET_HEADER_BYTES) return -EINVAL;
  if (!state.memory.resolve(Number(view.getBigUint64(16, true)), inputBytes)) {
    return -EFAULT;
  }
  countRuns(state, program, Math.max(1, view.getUint32(32, true)));
  answer(4, 0);
  answer(36, state.runNs + (state.statsEnabled ? state.statsCostNs : 0));
  return 0;
}

/** Counts runs of a program, where somebody has statistics on. */
export function countRuns(
  state: KernelState,
  program: FakeObject,
  times: number,
): void {
  if (!state.statsEnabled) return;
  const { view } = program;
  view.setBigUint64(200, view.getBigUint64(200, true) + BigInt(times), true);
  view.setBigUint64(
    192,
    view.getBigUint64(192, true) +
      BigInt(times * (state.runNs + state.statsFloorNs)),
    true,
  );
}

/** Runs `command` on an attribute whose form was not yet checked. */
export function execute(
  command: Command,
  state: KernelState,
  attribute: Attribute,
): number {
  const { view, size } = attribute;
  for (let at = command.end; at < size; at++) {
    if (view.getUint8(at) !== 0) return -EINVAL;
  }
  if (command.privileged && !state.privileged) return -EPERM;
  return command.run(state, attribute);
}
