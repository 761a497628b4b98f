/**
 * Owns who keeps run-time statistics of programs on. In: a port, and whether the agent is to hold them. Out: facts, and the
 * descriptor that holds them for as long as it is open.
 * @module
 */
import {
  Assembler,
  enableRunTimeStats,
  errnoName,
  Fd,
  type KernelPort,
  loadProgram,
  mayEnableRunTimeStats,
  objectInfo,
  PROG_INFO,
  PROG_TYPES,
  readNumber,
  testRunProgram,
} from "../ffi/mod.ts";

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

/**
 * @param isDryRun nothing is switched on: the facts say what would be
 * @returns the descriptor, where the agent was to hold them and does
 */
export function holdRunStats(
  kernel: KernelPort,
  wanted: boolean,
  isDryRun = false,
): { readonly facts: RunStatsFacts; readonly fd?: number } {
  // Before the agent's own are on, for afterwards nobody can tell whose they are.
  const sysctl = readNumber(kernel, "/proc/sys/kernel/bpf_stats_enabled");
  const counted = runsAreCounted(kernel);
  const opened = !wanted
    ? undefined
    : isDryRun
    ? mayEnableRunTimeStats(kernel)
    : enableRunTimeStats(kernel);
  return {
    facts: {
      agent: opened !== undefined && opened >= 0,
      ...(sysctl === undefined ? {} : { sysctl: sysctl !== 0 }),
      // With the sysctl on, runs are counted whoever else asks for it.
      ...(counted === undefined || sysctl !== 0 ? {} : { other: counted }),
      ...(opened === undefined || opened >= 0
        ? {}
        : { reason: `BPF_ENABLE_STATS failed: ${errnoName(-opened)}` }),
    },
    ...(isDryRun || opened === undefined || opened < 0 ? {} : { fd: opened }),
  };
}

const PROBE_RUNS = 10;
/** A packet program wants at least an Ethernet header. */
const PROBE_PACKET_BYTES = 64;

/** Whether runs of a program of our own are counted; undefined where none can be loaded or run. */
function runsAreCounted(kernel: KernelPort): boolean | undefined {
  const code = new Assembler().move("r0", 0).exit().assemble();
  const instructions = kernel.allocate(code.length);
  instructions.bytes.set(code);
  const program = loadProgram(kernel, {
    type: PROG_TYPES.indexOf("socket_filter"),
    instructions,
    instructionCount: code.length / 8,
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
