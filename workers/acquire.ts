/**
 * Owns everything that is opened or found out once, at start, on the main thread, while privileges are there. In: the
 * kernel port and what was asked for. Out: NodeFacts, plain data that says what was found; descriptors that are held for
 * the agent's whole life, in this life of the process or the next; and what must be kept for that.
 * @module
 */
import {
  effectiveCapabilities,
  type KernelPort,
  openLoadEvents,
  readNumber,
} from "../ffi/mod.ts";
import { noIterators, openIterators } from "./iterators.ts";
import { needsCreating, whatIsKept } from "./kept.ts";
import {
  kernelBtf,
  type KernelBtfFacts,
  kernelRelease,
  totalMemory,
} from "./kernel_facts.ts";
import { type MemlockFacts, memlockFacts } from "./maps/memory_facts.ts";
import type { RingLossesFacts } from "./maps/ring_losses.ts";
import { openOperationsAtStart, type OwnObjects } from "./operations_open.ts";
import type { OperationsFacts, OperationsMode } from "./operations_model.ts";
import { type NewestIds, newestIds } from "./newest_ids.ts";
import {
  type KeptCapability,
  mayWalkIds,
  type MissingCapability,
  type PrivilegeFacts,
  privilegesNow,
  type Unprivileged,
  whatIsMissing,
} from "./privileges.ts";
import { listBtf } from "./programs/btf.ts";
import {
  type BackendName,
  ITERATED_TYPES,
  type Iterators,
  NO_IDS,
  type Opened,
  type OwnIds,
} from "./protocol.ts";
import {
  holdRunStats,
  type RunStatsFacts,
  type RunStatsMode,
} from "./run_stats.ts";
import { type Untold, untold } from "./untold.ts";

export type { KeptCapability, MissingCapability } from "./privileges.ts";
export type { RunStatsFacts } from "./run_stats.ts";

/** What was found at start; it does not change while the agent lives. */
export interface NodeFacts {
  /** At start, of those that decide what the agent sees. */
  readonly capabilities: readonly string[];
  readonly missing: readonly MissingCapability[];
  /** Of the life that samples. */
  readonly privileges: PrivilegeFacts;
  readonly runStats: RunStatsFacts;
  /** The kernel's stream of loads and unloads of programs; `reason`: one sentence why there is none. */
  readonly loadEvents: { readonly reason?: string };
  /** Counting of bpf() operations; absent only in facts that acquire() did not make. */
  readonly operations?: OperationsFacts;
  /** Counting of events that found no room in a ring buffer; absent only in facts that acquire() did not make. */
  readonly ringLosses?: RingLossesFacts;
  /** `net.core.bpf_jit_limit`; absent where it cannot be read. */
  readonly jitLimitBytes?: number;
  /** Absent only in facts that acquire() did not make. */
  readonly memlock?: MemlockFacts;
  /** MemTotal of /proc/meminfo; absent where it cannot be read. */
  readonly memoryBytes?: number;
  /** As `6.18.5`; absent where it cannot be read. */
  readonly kernelRelease?: string;
  /** Absent only in facts that acquire() did not make. */
  readonly kernelBtf?: KernelBtfFacts;
  /** Counts of entries by CPU, `reason`: one sentence why there are none; absent where nobody asked for them. */
  readonly mapCpuEntries?: { readonly reason?: string };
  /** What iterators cannot read here; absent only in facts that acquire() did not make. */
  readonly untold?: Untold;
}

/** What acquire() was asked for. */
export interface AcquireOptions {
  /** When runs of programs are counted. */
  readonly runStats: RunStatsMode;
  /** Count bpf() operations; absent: off. */
  readonly operations?: "off" | OperationsMode;
  /** Tell what each CPU counted of the entries of maps; absent: no. */
  readonly mapCpuEntries?: boolean;
  /** Count losses of ring buffers one by one; absent: off. */
  readonly ringLosses?: RingLossesFacts["mode"];
  /** How objects are to be read; `auto` takes the iterators where they work. */
  readonly backend: "auto" | BackendName;
  /** No privilege is given up afterwards. */
  readonly keepPrivileges: boolean;
  /** Nothing is switched on or attached: the facts say of `runStats` what would be, of `operations` that nobody tried. */
  readonly isDryRun?: boolean;
}

/** What acquire() opened and found: plain data, whose descriptors keep their numbers over execve(2). */
export interface Acquisition extends Opened {
  readonly facts: NodeFacts;
  /** Ids of the agent's own objects, for as long as it lives. */
  readonly ownIds: OwnIds;
  readonly iterators: Iterators;
  /** Ids that the kernel gave out last, by type: later ones are of objects that were made later. */
  readonly newestIds: NewestIds;
  /** Every descriptor that is to be held. */
  readonly fds: readonly number[];
  /** What sampling needs after everything else was given up; nothing where all is kept. */
  readonly keep: readonly KeptCapability[];
  /** One sentence where what was asked for cannot be done, and nothing may stand in for it. */
  readonly refused?: string;
}

/** Closing it gives everything back, as the end of the process does, by whatever signal. */
export type Acquired = Acquisition & Disposable;

/**
 * Opens what is held for the agent's whole life. Never fails for lack of privilege: what could not be had is among the facts.
 * @param unprivileged absent where nothing will be given up
 */
export function acquire(
  kernel: KernelPort,
  {
    runStats,
    operations = "off",
    mapCpuEntries = false,
    ringLosses = "off",
    backend,
    keepPrivileges,
    isDryRun = false,
  }: AcquireOptions,
  unprivileged?: Unprivileged,
): Acquired {
  const capabilities = effectiveCapabilities(kernel);
  const stats = holdRunStats(kernel, runStats, isDryRun);
  const walks = mayWalkIds(kernel);
  const all = backend === "walk" ? undefined : openIterators(kernel, false, {
    mapCpuEntries,
    ringLosses: isDryRun ? "off" : ringLosses,
  });
  // Nobody tries for holders then, so nobody complains.
  const { holders: _, ...none } = noIterators("--backend walk was asked for");
  const opened: Iterators = all?.iterators ?? {
    ...none,
    ...(mapCpuEntries
      ? { cpuEntries: "the walk reads no CPU's counters" }
      : {}),
  };
  const iterated = ITERATED_TYPES.some((type) =>
    typeof opened[type] !== "string"
  );
  const counting = openOperationsAtStart(
    kernel,
    isDryRun ? "off" : operations,
    unprivileged,
  );
  const readers = [
    ...(all?.open ?? []),
    ...(counting.handle === undefined ? [] : [counting.handle.drain]),
  ];
  const keep = keepPrivileges ? [] : whatIsKept({
    walking: walks && !iterated
      ? backend === "walk"
        ? "--backend walk opens every object by its id"
        : "no iterator works here, and the walk opens every object by its id"
      : undefined,
    creating: unprivileged !== undefined &&
      needsCreating(kernel, readers, unprivileged),
    attaching: counting.attachingNeedsCapability,
    switching: stats.handle !== undefined,
    capabilities,
  });
  const iterators: Iterators = {
    ...opened,
    // Where nothing else works its refusals tell why.
    mayWalk: !iterated || (walks && keepPrivileges && backend === "auto"),
    mayListBtf: !iterated || (walks && keepPrivileges),
  };
  // After whatever the agent loads itself.
  const loadEvents = openLoadEvents(kernel);
  const jitLimitBytes = readNumber(kernel, "/proc/sys/net/core/bpf_jit_limit");
  const memoryBytes = totalMemory(kernel);
  const release = kernelRelease(kernel);
  const btfAtStart = iterators.mayListBtf ? undefined : listBtf(kernel);
  const refused = backend === "iterator"
    ? whyNotIterated(iterators)
    : undefined;
  const ownIds = withOwn(all?.ownIds ?? NO_IDS, counting, stats.programIds);
  return {
    ownIds,
    iterators,
    newestIds: newestIds(kernel, ownIds),
    ...(counting.handle === undefined ? {} : { operations: counting.handle }),
    ...(stats.handle === undefined ? {} : { runStats: stats.handle }),
    ...(typeof loadEvents === "string" ? {} : { loadEvents }),
    fds: [
      ...(typeof loadEvents === "string" ? [] : loadEvents),
      ...stats.fds,
      ...(all?.open ?? []).flatMap(({ linkFd, pinFd, boundFd }) =>
        [linkFd, pinFd, boundFd].filter((fd) => fd !== undefined)
      ),
      ...(all?.fds ?? []),
      ...counting.fds,
    ],
    keep,
    ...(btfAtStart === undefined ? {} : { btfAtStart }),
    ...(refused === undefined ? {} : { refused }),
    facts: {
      capabilities: [...capabilities].sort(),
      missing: whatIsMissing(capabilities, iterated, walks),
      privileges: privilegesNow(kernel, false, []),
      runStats: stats.facts,
      operations: isDryRun && operations !== "off"
        ? {
          mode: operations,
          isUntried: true,
          reason: NOT_TRIED,
        }
        : counting.facts,
      ringLosses: isDryRun && ringLosses === "on"
        ? { mode: ringLosses, reason: NOT_TRIED }
        : all?.ringLosses ?? withoutIterators(ringLosses),
      loadEvents: typeof loadEvents === "string" ? { reason: loadEvents } : {},
      ...(jitLimitBytes === undefined ? {} : { jitLimitBytes }),
      memlock: memlockFacts(iterators),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(release === undefined ? {} : { kernelRelease: release }),
      kernelBtf: kernelBtf(kernel),
      untold: untold(iterators),
      ...(iterators.cpuEntries === undefined ? {} : {
        mapCpuEntries: typeof iterators.cpuEntries === "string"
          ? { reason: iterators.cpuEntries }
          : {},
      }),
    },
    [Symbol.dispose]() {
      all?.[Symbol.dispose]();
      counting[Symbol.dispose]();
      for (const fd of stats.fds) kernel.close(fd);
      if (typeof loadEvents !== "string") {
        for (const fd of loadEvents) kernel.close(fd);
      }
    },
  };
}

const NOT_TRIED = "nothing was attached to try it";

function withoutIterators(mode: RingLossesFacts["mode"]): RingLossesFacts {
  return mode === "off" ? { mode } : {
    mode,
    reason: "they are read by an iterator, and the walk was asked for",
  };
}

function withOwn(
  { map, program, link, btf }: OwnIds,
  { mapIds, programIds, linkIds }: OwnObjects,
  otherProgramIds: readonly number[],
): OwnIds {
  const ascending = (one: number, other: number) => one - other;
  return {
    map: [...map, ...mapIds].sort(ascending),
    program: [...program, ...programIds, ...otherProgramIds].sort(ascending),
    link: [...link, ...linkIds].sort(ascending),
    btf,
  };
}

function whyNotIterated(iterators: Iterators): string | undefined {
  const reasons = ITERATED_TYPES.flatMap((type) => {
    const one = iterators[type];
    return typeof one === "string" ? [`${type}s: ${one}`] : [];
  });
  return reasons.length === 0
    ? undefined
    : `Cannot use backend iterator: ${[...new Set(reasons)].join("; ")}`;
}
