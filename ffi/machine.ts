/**
 * Owns what of the machine decides how much memory the kernel takes for an object. In: a port. Out: the size of a page, how many
 * CPUs there may be; undefined where it cannot be read.
 * @module
 */
import { Fd } from "./fd.ts";
import type { KernelPort } from "./port.ts";
import { readText } from "./procfs.ts";

/** AT_PAGESZ of the auxiliary vector. */
const AT_PAGESZ = 6n;
/** Of the vector: some twenty pairs of 16 bytes. */
const VECTOR_BYTES = 1024;

/** Bytes of a page of memory. Source: /proc/self/auxv, pairs of u64. */
export function pageSize(kernel: KernelPort): number | undefined {
  const number = kernel.open("/proc/self/auxv");
  if (number < 0) return undefined;
  using fd = new Fd(kernel, number);
  const vector = new Uint8Array(VECTOR_BYTES);
  const bytes = kernel.read(fd.number, vector);
  const pairs = new BigUint64Array(vector.buffer, 0, Math.max(0, bytes) >> 3);
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    if (pairs[i] === AT_PAGESZ) return Number(pairs[i + 1]);
  }
  return undefined;
}

/** CPUs that there may ever be, for each of which the kernel allocates: num_possible_cpus(). */
export function possibleCpuCount(kernel: KernelPort): number | undefined {
  const text = readText(kernel, "/sys/devices/system/cpu/possible")?.trim();
  if (!text) return undefined;
  let count = 0;
  // As `0-63` or `0,2-3`.
  for (const range of text.split(",")) {
    const [first, last = first] = range.split("-").map(Number);
    count += last - first + 1;
  }
  return Number.isInteger(count) && count > 0 ? count : undefined;
}
