/**
 * Owns everything that is opened or found out once, at start, on the main thread, while privileges are there. In: the
 * kernel port and what was asked for. Out: NodeFacts, plain data that says what was found, and the descriptors that are
 * held for the agent's whole life.
 * @module
 */
import {
  type Capability,
  effectiveCapabilities,
  enableRunTimeStats,
  EPERM,
  errnoName,
  Fd,
  type KernelPort,
  loadProgram,
  nextObjectId,
  objectInfo,
  PROG_INFO,
  PROG_TYPES,
  readNumber,
  testRunProgram,
} from "../ffi/mod.ts";
import {
  kernelBtf,
  type KernelBtfFacts,
  kernelRelease,
} from "./kernel_facts.ts";
import { noIterators, openIterators } from "./iterators.ts";
import {
  type BackendName,
  type Iterators,
  NO_IDS,
  type OwnIds,
} from "./protocol.ts";

/** A capability that the process lacks, and what would change that. */
export interface MissingCapability {
  /** As `CAP_SYS_ADMIN`. */
  readonly capability: string;
  /** What the agent would show with it, as part of a sentence. */
  readonly gives: string;
  /** The one command or setting that gives it. */
  readonly how: string;
}

/** Who keeps run-time statistics of programs on. */
export interface RunStatsFacts {
  /** The agent holds BPF_ENABLE_STATS. */
  readonly agent: boolean;
  /** `kernel.bpf_stats_enabled` is 1; absent where it cannot be read. */
  readonly sysctl?: boolean;
  /** Somebody else holds BPF_ENABLE_STATS, found before the agent's own was opened; absent where it cannot be told. */
  readonly other?: boolean;
  /** One sentence where the agent was asked to hold it and does not. */
  readonly reason?: string;
}

/** What was found at start; it does not change while the agent lives. */
export interface NodeFacts {
  /** Of those that decide what the agent sees. */
  readonly capabilities: readonly string[];
  readonly missing: readonly MissingCapability[];
  readonly runStats: RunStatsFacts;
  /** `net.core.bpf_jit_limit`; absent where it cannot be read. */
  readonly jitLimitBytes?: number;
  /** As `6.18.5`; absent where it cannot be read. */
  readonly kernelRelease?: string;
  /** Absent only in facts that acquire() did not make. */
  readonly kernelBtf?: KernelBtfFacts;
}

/** What acquire() was asked for. */
export interface AcquireOptions {
  /** Hold BPF_ENABLE_STATS. */
  readonly runStats: boolean;
  /** How objects are to be read; `auto` takes the iterators where they work. */
  readonly backend: "auto" | BackendName;
}

/** What acquire() opened and found. */
export interface Acquired extends Disposable {
  readonly facts: NodeFacts;
  /** Ids of the agent's own objects, for as long as it lives. */
  readonly ownIds: OwnIds;
  readonly iterators: Iterators;
  /** One sentence where what was asked for cannot be done, and nothing may stand in for it. */
  readonly refused?: string;
}

const ITERATED = ["map", "program", "link"] as const;

/**
 * Opens what is held for the agent's whole life. Never fails for lack of privilege: what could not be had is among the facts.
 * Closing it gives everything back, as the end of the process does, by whatever signal.
 */
export function acquire(kernel: KernelPort, options: AcquireOptions): Acquired {
  const capabilities = effectiveCapabilities(kernel);
  // Before the agent's own statistics are on, for afterwards nobody can tell whose they are.
  const sysctl = readNumber(kernel, "/proc/sys/kernel/bpf_stats_enabled");
  const counted = runsAreCounted(kernel);
  const opened = options.runStats ? enableRunTimeStats(kernel) : undefined;
  const stats = opened !== undefined && opened >= 0
    ? new Fd(kernel, opened)
    : undefined;
  const jitLimitBytes = readNumber(kernel, "/proc/sys/net/core/bpf_jit_limit");
  const release = kernelRelease(kernel);
  const all = options.backend === "walk"
    ? undefined
    : openIterators(kernel, options.backend === "auto");
  const iterators = all?.iterators ?? noIterators("asked for");
  const refused = options.backend === "iterator"
    ? whyNotIterated(iterators)
    : undefined;
  return {
    ownIds: all?.ownIds ?? NO_IDS,
    iterators,
    ...(refused === undefined ? {} : { refused }),
    facts: {
      capabilities: [...capabilities].sort(),
      missing: whatIsMissing(kernel, capabilities),
      runStats: {
        agent: stats !== undefined,
        ...(sysctl === undefined ? {} : { sysctl: sysctl !== 0 }),
        // With the sysctl on, runs are counted whoever else asks for it.
        ...(counted === undefined || sysctl !== 0 ? {} : { other: counted }),
        ...(opened === undefined || opened >= 0
          ? {}
          : { reason: `BPF_ENABLE_STATS failed: ${errnoName(-opened)}` }),
      },
      ...(jitLimitBytes === undefined ? {} : { jitLimitBytes }),
      ...(release === undefined ? {} : { kernelRelease: release }),
      kernelBtf: kernelBtf(kernel),
    },
    [Symbol.dispose]() {
      all?.[Symbol.dispose]();
      stats?.[Symbol.dispose]();
    },
  };
}

function whyNotIterated(iterators: Iterators): string | undefined {
  const reasons = ITERATED.flatMap((type) => {
    const one = iterators[type];
    return typeof one === "string" ? [`${type}s: ${one}`] : [];
  });
  return reasons.length === 0
    ? undefined
    : `Cannot use backend iterator: ${[...new Set(reasons)].join("; ")}`;
}

function whatIsMissing(
  kernel: KernelPort,
  capabilities: ReadonlySet<Capability>,
): MissingCapability[] {
  if (!capabilities.has("CAP_SYS_ADMIN")) return [NO_SYS_ADMIN];
  // In a user namespace of its own a process has every capability, and none that counts.
  const refused = nextObjectId(kernel, "program", 0) === -EPERM;
  return refused ? [NOT_SYS_ADMIN_HERE] : [];
}

const SYS_ADMIN = {
  capability: "CAP_SYS_ADMIN",
  gives:
    "every map, program, link and BTF object by the walk over their ids, and run-time statistics",
} as const;

const NOT_SYS_ADMIN_HERE: MissingCapability = {
  ...SYS_ADMIN,
  how:
    "the kernel refuses the one that it has: start bpfpulse in the initial user namespace (no rootless container), and without a seccomp or LSM policy against bpf()",
};

const NO_SYS_ADMIN: MissingCapability = {
  ...SYS_ADMIN,
  how:
    "start bpfpulse as root, or with AmbientCapabilities=CAP_SYS_ADMIN in its systemd unit",
};

const PROBE_RUNS = 10;
/** A packet program wants at least an Ethernet header. */
const PROBE_PACKET_BYTES = 64;
/** r0 = 0; exit */
const PROBE_INSTRUCTIONS = [
  0xb7,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0x95,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
];

/** Whether runs of a program of our own are counted; undefined where none can be loaded or run. */
function runsAreCounted(kernel: KernelPort): boolean | undefined {
  const instructions = kernel.allocate(PROBE_INSTRUCTIONS.length);
  instructions.bytes.set(PROBE_INSTRUCTIONS);
  const program = loadProgram(kernel, {
    type: PROG_TYPES.indexOf("socket_filter"),
    instructions,
    instructionCount: PROBE_INSTRUCTIONS.length / 8,
    name: "bpfpulse_stats",
  });
  if (program < 0) return undefined;
  using fd = new Fd(kernel, program);
  const packet = kernel.allocate(PROBE_PACKET_BYTES);
  const ran = testRunProgram(
    kernel,
    fd.number,
    packet,
    PROBE_PACKET_BYTES,
    PROBE_RUNS,
  );
  if (ran < 0) return undefined;
  const info = kernel.allocate(PROG_INFO.size);
  const filled = objectInfo(kernel, fd.number, info, PROG_INFO.size);
  const { run_cnt } = PROG_INFO;
  if (filled < run_cnt.offset + run_cnt.size) return undefined;
  return run_cnt.get(info.view, run_cnt.offset) > 0;
}
