/**
 * Owns the id below which a program writes nothing. In: a port, an emitter. Out: a map that whoever reads the iterator has in its own
 * memory, without any privilege; instructions that leave out what is below.
 * @module
 */
import { createMap } from "../bpf.ts";
import { MAP_TYPES } from "../names.ts";
import { objectId } from "../object_id.ts";
import type { KernelPort } from "../port.ts";
import type { Emitter } from "./emitter.ts";
import type { Way } from "./table.ts";

/** BPF_F_MMAPABLE, since 5.5. */
const MMAPABLE = 1 << 10;
const BOUND_BYTES = 8;

/** An array of one number, 0 at first. */
export interface BoundMap {
  readonly fd: number;
  /** The agent's own. */
  readonly id: number;
}

/** Undefined where it cannot be made: then everything is written. */
export function makeBound(kernel: KernelPort): BoundMap | undefined {
  const fd = createMap(kernel, {
    type: MAP_TYPES.indexOf("array"),
    keyBytes: 4,
    valueBytes: BOUND_BYTES,
    maxEntries: 1,
    flags: MMAPABLE,
    name: "bpfpulse_bound",
  });
  return fd < 0 ? undefined : { fd, id: objectId(kernel, fd) };
}

/** Jumps to `end` where the object's id is below the bound. */
export function skipBelow(
  emit: Emitter,
  mapFd: number,
  id: Way,
  end: string,
): void {
  emit.value(id);
  emit.asm.mapValue("r1", mapFd, 0)
    .load(4, "r1", "r1", 0)
    .jump("r0", "<", "r1", end);
}

/** Has the program write objects from `id` on. Where the map cannot be mapped it writes what it wrote before. */
export function setBound(kernel: KernelPort, fd: number, id: number): void {
  const memory = kernel.mapShared(fd, BOUND_BYTES);
  if (typeof memory === "number") return;
  new Uint32Array(memory)[0] = id;
  // A mapping would keep the map for as long as the process lives.
  kernel.unmapShared(memory);
}
