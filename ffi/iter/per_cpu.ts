/**
 * Owns how programs are told where the memory of each CPU begins. In: a base for each possible CPU. Out: the bases themselves, which
 * a program carries as immediates while they are few, or a map that holds them, over which it loops.
 * @module
 */
import { createMap, updateElement } from "../bpf.ts";
import { MAP_TYPES } from "../names.ts";
import { objectId } from "../object_id.ts";
import type { KernelPort } from "../port.ts";

/** What is added to a per-CPU pointer for each CPU. */
export interface PerCpu {
  /** Empty where it is not known. */
  readonly bases: readonly bigint[];
  /** An array map whose only element holds them all; absent: they are immediates. Needed until the program is loaded. */
  readonly mapFd?: number;
}

/** Up to here immediates run as fast as a loop, and no map is there for it. From 64 on a loop is faster (caches). */
const FEW_CPUS = 8;

/** Closing it leaves the map to the programs that loop over it. */
export class PerCpuTable implements PerCpu, Disposable {
  readonly #kernel: KernelPort;
  readonly bases: readonly bigint[];
  readonly mapFd?: number;
  /** The agent's own. */
  readonly mapIds: readonly number[] = [];

  /** Where the map cannot be made, immediates it is. @param few up to how many CPUs no map is made */
  constructor(kernel: KernelPort, bases: readonly bigint[], few = FEW_CPUS) {
    this.#kernel = kernel;
    this.bases = bases;
    if (bases.length <= few) return;
    const fd = createMap(kernel, {
      type: MAP_TYPES.indexOf("array"),
      keyBytes: 4,
      valueBytes: bases.length * 8,
      maxEntries: 1,
      name: "bpfpulse_bases",
    });
    if (fd < 0) return;
    const key = kernel.allocate(4);
    const value = kernel.allocate(bases.length * 8);
    new BigUint64Array(value.bytes.buffer).set(bases);
    if (updateElement(kernel, fd, key, value) < 0) {
      kernel.close(fd);
      return;
    }
    this.mapFd = fd;
    this.mapIds = [objectId(kernel, fd)];
  }

  [Symbol.dispose](): void {
    if (this.mapFd !== undefined) this.#kernel.close(this.mapFd);
  }
}
