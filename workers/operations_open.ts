/**
 * Owns the opening of what counts bpf() operations, at start and only where it was asked for, and the proof that it counts here. In: a
 * port, a mode. Out: plain data for the worker that reads it, facts, descriptors to hold. The cheapest hook that works is taken.
 * @module
 */
import {
  attachOperations,
  Btf,
  BtfError,
  closeIterator,
  type CountingPrograms,
  detachOperations,
  DRAIN_TYPES,
  END,
  EPERM,
  errnoName,
  FILE_STRUCTS,
  type Hook,
  HOOKS,
  iterationsOf,
  IteratorSession,
  KERNEL_BTF_PATH,
  type KernelPort,
  lookUpElement,
  MAP_LOOKUP,
  objectId,
  type OpenIterator,
  type OpenOperations,
  openOperations,
  OPERATION_TYPES,
  PinPlace,
  programFds,
  readBtf,
  ROW,
} from "../ffi/mod.ts";
import type { Unprivileged } from "./privileges.ts";
import { CallTimer, costOf } from "./operations_cost.ts";
import type {
  OperationsCost,
  OperationsFacts,
  OperationsMode,
} from "./operations_model.ts";

/** What the worker counts with. Plain data. */
export interface OperationsHandle {
  readonly mode: OperationsMode;
  readonly hook: Hook;
  readonly drain: OpenIterator;
  /** In windows the worker attaches them. */
  readonly programs: OperationPrograms;
}

export interface OperationPrograms extends CountingPrograms {
  readonly ids: readonly number[];
}

/** Ids of the agent's own objects. */
export interface OwnObjects {
  readonly mapIds: readonly number[];
  readonly programIds: readonly number[];
  readonly linkIds: readonly number[];
}

/** What was opened. Closing it detaches and ends everything. */
export interface OpenedOperations extends OwnObjects, Disposable {
  readonly facts: OperationsFacts;
  readonly handle?: OperationsHandle;
  readonly fds: readonly number[];
  /** This kernel attaches only for whoever holds a capability. */
  readonly attachingNeedsCapability: boolean;
}

/** @param unprivileged absent where nothing will be given up @param hooks to try, in their order */
export function openOperationsAtStart(
  kernel: KernelPort,
  mode: OperationsFacts["mode"],
  unprivileged: Unprivileged | undefined,
  hooks: readonly Hook[] = HOOKS,
): OpenedOperations {
  if (mode === "off") return nothing({ mode });
  const reasons: string[] = [];
  try {
    const bytes = readBtf(kernel);
    if (typeof bytes === "number") {
      const errno = errnoName(-bytes);
      return nothing({
        mode,
        reason: `open of ${KERNEL_BTF_PATH} failed: ${errno}`,
      });
    }
    using types = Btf.scan(bytes, {
      structs: [
        ...new Set([
          ...OPERATION_TYPES.structs,
          ...DRAIN_TYPES.structs,
          ...FILE_STRUCTS,
        ]),
      ],
      functions: [
        ...OPERATION_TYPES.functions,
        ...DRAIN_TYPES.functions,
        "bpf_iter_task_file",
      ],
      typedefs: OPERATION_TYPES.typedefs,
    });
    using pins = new PinPlace(kernel);
    for (const hook of hooks) {
      const opened = openOperations(kernel, types, hook, pins);
      if (typeof opened === "string") {
        reasons.push(`${hook}: ${opened}`);
        continue;
      }
      const cost = tryCounting(kernel, opened);
      if (typeof cost === "string") {
        close(kernel, opened);
        reasons.push(`${hook}: ${cost}`);
        continue;
      }
      const facts = { mode, cost, reasons };
      const answer = hold(kernel, opened, facts, unprivileged);
      if (typeof answer !== "string") return answer;
      reasons.push(`${hook}: ${answer}`);
    }
  } catch (error) {
    if (!(error instanceof BtfError)) throw error;
    reasons.push(error.message);
  }
  return nothing({ mode, reason: reasons.join("; ") });
}

function nothing(facts: OperationsFacts): OpenedOperations {
  return {
    facts,
    fds: [],
    mapIds: [],
    programIds: [],
    linkIds: [],
    attachingNeedsCapability: false,
    [Symbol.dispose]() {},
  };
}

function hold(
  kernel: KernelPort,
  opened: OpenOperations,
  { mode, cost, reasons }: {
    mode: OperationsMode;
    cost: OperationsCost;
    reasons: readonly string[];
  },
  unprivileged: Unprivileged | undefined,
): OpenedOperations | string {
  const { hook, drain, enterFd, exitFd, checkFd, stateFd } = opened;
  const isWindowed = mode !== "on";
  const attached = isWindowed ? undefined : attachOperations(kernel, opened);
  if (typeof attached === "number") {
    close(kernel, opened);
    return `BPF_RAW_TRACEPOINT_OPEN failed: ${errnoName(-attached)}`;
  }
  const linkFds = attached?.linkFds ?? [];
  const needs = isWindowed && unprivileged !== undefined &&
    attachingNeedsCapability(kernel, opened, unprivileged);
  kernel.close(stateFd);
  const fds = [
    ...linkFds,
    ...programFds(opened),
    drain.linkFd,
    ...(drain.pinFd === undefined ? [] : [drain.pinFd]),
  ];
  return {
    facts: {
      mode,
      hook,
      cost,
      ...(reasons.length === 0 ? {} : { reason: reasons.join("; ") }),
    },
    handle: {
      mode,
      hook,
      drain,
      programs: {
        enterFd,
        exitFd,
        ...(checkFd === undefined ? {} : { checkFd }),
        ids: opened.programIds,
      },
    },
    fds,
    mapIds: opened.mapIds,
    programIds: [...opened.programIds, drain.programId],
    linkIds: [drain.linkId, ...linkFds.map((fd) => objectId(kernel, fd))],
    attachingNeedsCapability: needs,
    [Symbol.dispose]() {
      for (const fd of fds) kernel.close(fd);
    },
  };
}

const CHECK_CALLS = 3;

/**
 * Does operations of its own, and looks for them. What calls cost while they are counted, or one sentence where not each of them was;
 * nothing is attached afterwards.
 */
function tryCounting(
  kernel: KernelPort,
  opened: OpenOperations,
): OperationsCost | string {
  const timer = new CallTimer(kernel, opened.stateFd);
  const before = timer.take();
  const attached = attachOperations(kernel, opened);
  if (typeof attached === "number") {
    return `BPF_RAW_TRACEPOINT_OPEN failed: ${errnoName(-attached)}`;
  }
  const key = kernel.allocate(8);
  const value = kernel.allocate(64);
  for (let i = 0; i < CHECK_CALLS; i++) {
    lookUpElement(kernel, opened.stateFd, key, value);
  }
  const during = timer.take();
  detachOperations(kernel, attached);
  const after = timer.take();
  const session = new IteratorSession(
    kernel,
    iterationsOf(kernel, opened.drain),
    ROW.bytes,
  );
  const [, , stateId] = opened.mapIds;
  let counted = 0;
  // What was counted in either half, so that nothing of it is told later.
  for (let pass = 0; pass < 3; pass++) {
    const failure = session.run();
    if (failure !== undefined) {
      return `${failure.call} failed: ${errnoName(failure.errno)}`;
    }
    const last = session.count - 1;
    if (last < 0 || session.view(last).getUint32(ROW.command, true) !== END) {
      return "a pass over the counts has no end";
    }
    for (let i = 0; i < last; i++) {
      const view = session.view(i);
      const isOurs = view.getUint32(ROW.mapId, true) === stateId &&
        view.getUint32(ROW.command, true) === MAP_LOOKUP &&
        view.getUint32(ROW.errno, true) === 0;
      if (isOurs) counted += view.getUint32(ROW.count, true);
    }
  }
  return counted === CHECK_CALLS
    ? costOf(before, during, after)
    : `${CHECK_CALLS} look-ups of its own were counted as ${counted}`;
}

function attachingNeedsCapability(
  kernel: KernelPort,
  opened: OpenOperations,
  unprivileged: Unprivileged,
): boolean {
  const attached = unprivileged(() => attachOperations(kernel, opened));
  if (typeof attached === "number") return attached === -EPERM;
  detachOperations(kernel, attached);
  return false;
}

function close(kernel: KernelPort, opened: OpenOperations): void {
  const { stateFd, drain } = opened;
  for (const fd of [...programFds(opened), stateFd]) kernel.close(fd);
  closeIterator(kernel, drain);
}
