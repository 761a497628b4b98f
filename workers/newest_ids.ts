/**
 * Owns which ids the kernel gave out last: it hands them out in a cycle, so what is made later has higher ones, and a gap
 * between two of them is of objects that were made and are gone. In: a port, the agent's own objects, which are the newest.
 * Out: an id by type. Source: kernel/bpf/syscall.c bpf_map_alloc_id() and its kin (idr_alloc_cyclic).
 * @module
 */
import {
  createMap,
  Fd,
  type KernelPort,
  MAP_TYPES,
  objectId,
} from "../ffi/mod.ts";
import type { ObjectType, OwnIds } from "./protocol.ts";

/** Absent where no object of the type could be made. */
export type NewestIds = Readonly<Partial<Record<ObjectType, number>>>;

export function newestIds(kernel: KernelPort, own: OwnIds): NewestIds {
  const map = newMapId(kernel);
  const program = own.program.at(-1);
  const link = own.link.at(-1);
  return {
    ...(map === undefined ? {} : { map }),
    ...(program === undefined ? {} : { program }),
    ...(link === undefined ? {} : { link }),
  };
}

/** Of a map that is gone again. */
function newMapId(kernel: KernelPort): number | undefined {
  const number = createMap(kernel, {
    type: MAP_TYPES.indexOf("array"),
    keyBytes: 4,
    valueBytes: 4,
    maxEntries: 1,
    name: "bpfpulse_newest",
  });
  if (number < 0) return undefined;
  using fd = new Fd(kernel, number);
  const id = objectId(kernel, fd.number);
  return id === 0 ? undefined : id;
}
