/**
 * Owns what a link is to the agent. Nearly all of it never changes; the program may be replaced (BPF_LINK_UPDATE) and the
 * target may go away, and then the link is told again under the same identity.
 * @module
 */

/** One link. Source: `struct bpf_link_info`; what the kernel does not tell is absent. */
export interface LinkDescription {
  readonly id: number;
  /** Equal for the same link told twice, different for a later link with the same id. */
  readonly identity: string;
  /** bpftool's name, as `raw_tracepoint`. */
  readonly type: string;
  /** Of the program that it runs; 0 where it runs none (struct_ops). */
  readonly programId: number;
  /** bpftool's name, as `cgroup_inet_egress`. */
  readonly attachType?: string;
  /**
   * What it is attached to, as `KIND:VALUE` where a number says it (`ifindex:2`, `cgroup:4294967297`, `netns:4026531840`,
   * `map:7`), else a name (`sched_switch`, `bpf_map`). A hostile string.
   */
  readonly target?: string;
  /** The device, cgroup or namespace that it was attached to is gone: the same link, told again. */
  readonly detached?: boolean;
}

/** The columns of a link's row, beside id and birth. */
export const LINK_COLUMNS = [] as const;
