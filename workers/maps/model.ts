/**
 * Owns what a map is to the agent: what never changes of it, told once at its birth, and the name of its column.
 * @module
 */

/** One map, from its birth on. Source: `struct bpf_map_info`; a field that the kernel lacks is absent. */
export interface MapDescription {
  readonly id: number;
  /** Equal for the same map told twice, different for a later map with the same id. */
  readonly identity: string;
  /** At most 15 bytes; empty where the map has none. A hostile string. */
  readonly name: string;
  /** bpftool's name, as `percpu_hash`. */
  readonly type: string;
  readonly keySizeBytes: number;
  readonly valueSizeBytes: number;
  readonly maxEntries: number;
  /** `BPF_F_*` */
  readonly flags: number;
  /** Of the device that holds the map. */
  readonly ifindex?: number;
  /** Of the BTF object that describes key and value. */
  readonly btfId?: number;
  /** A whole u64. Since 5.16. */
  readonly mapExtra?: bigint;
  /** Absent where it is not known. */
  readonly memlock?: MapMemlock;
}

/** What the kernel accounts to a map, in bytes. */
export interface MapMemlock {
  /** However full the map is. Read by the walk: all that it had at its birth. */
  readonly fixedBytes: number;
  /** More for each entry that it has. */
  readonly entryBytes: number;
}

/** The columns of a map's row, beside id and birth; NaN where it is not known. */
export const MAP_COLUMNS = [
  /** Entries that the map has, of types of which the kernel keeps count. */
  "entries",
] as const;
