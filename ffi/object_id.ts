/**
 * Owns the id of an object behind a descriptor. In: a port, a descriptor. Out: the id.
 * Source: include/uapi/linux/bpf.h, where `struct bpf_map_info`, `bpf_prog_info` and `bpf_link_info` have a u32 type, then a u32 id.
 * @module
 */
import { objectInfo } from "./bpf.ts";
import type { KernelPort } from "./port.ts";
import { MAP_INFO } from "./uapi.ts";

/** Of a map, program or link; 0 where it cannot be had, which no object has. */
export function objectId(kernel: KernelPort, fd: number): number {
  const { offset } = MAP_INFO.id;
  const info = kernel.allocate(16);
  return objectInfo(kernel, fd, info, 16) < offset + 4
    ? 0
    : info.view.getUint32(offset, true);
}
