/**
 * Owns everything that is opened or found out once, at start, on the main thread, while privileges are there. In: the
 * kernel port and what was asked for. Out: NodeFacts, plain data that says what was found, and the descriptors that are
 * held for the agent's whole life.
 * @module
 */

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
}
