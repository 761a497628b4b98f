/**
 * Owns what a program is to the agent: what never changes of it, told once at its birth, and the names of its counters,
 * which cross in columns. BTF objects, which the programs worker samples too, are here as well.
 * @module
 */

/** One program, from its birth on. Source: `struct bpf_prog_info`; a field that the kernel lacks is absent. */
export interface ProgramDescription {
  readonly id: number;
  /** Equal for the same program told twice, different for a later program with the same id. */
  readonly identity: string;
  /** At most 15 bytes; empty where the program has none. A hostile string. */
  readonly name: string;
  /** The whole name of its main function, where BTF tells it. */
  readonly fullName?: string;
  /** bpftool's name, as `sched_cls`. */
  readonly type: string;
  /** 16 hexadecimal digits. */
  readonly tag: string;
  /** ns since boot (CLOCK_BOOTTIME), a whole u64. Since 4.15. */
  readonly loadTimeNs?: bigint;
  readonly jitedBytes: number;
  readonly xlatedBytes: number;
  /** Since 5.16. */
  readonly verifiedInstructions?: number;
  readonly createdByUid?: number;
  /** Bytes that the kernel accounts to it. */
  readonly memlockBytes?: number;
  readonly btfId?: number;
}

/** The columns of a program's row, beside id and birth; NaN where the kernel lacks the field. */
export const PROGRAM_COLUMNS = [
  /** ns, while statistics are on. Since 5.1. */
  "runTimeNs",
  /** runs, while statistics are on. Since 5.1. */
  "runCount",
  /** runs that the kernel skipped. Since 5.12. */
  "recursionMisses",
] as const;

/** One BTF object, from its birth on. Source: `struct bpf_btf_info`. */
export interface BtfDescription {
  readonly id: number;
  readonly identity: string;
  /** `vmlinux`, a module's name, or empty for a program's own. */
  readonly name: string;
  readonly sizeBytes: number;
  /** It describes the kernel or a module. Since 5.11. */
  readonly kernel?: boolean;
}

/** The columns of a BTF object's row, beside id and birth. */
export const BTF_COLUMNS = [] as const;
